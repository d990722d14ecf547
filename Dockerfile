FROM node:22.20.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY clients/driftwire-client/package.json ./clients/driftwire-client/
# No dependency needs its install script; the build follows, once the sources are there.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22.20.0-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production UV_THREADPOOL_SIZE=16 \
    DRIFTWIRE_DATA=/var/lib/driftwire
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/server/cli/driftwire.cjs ./server/cli/driftwire.cjs
COPY --from=build /app/server/demo ./server/demo
COPY --from=build /app/clients/driftwire-client/dist ./clients/driftwire-client/dist
COPY --from=build /app/clients/driftwire-client/package.json ./clients/driftwire-client/
RUN mkdir -p /var/lib/driftwire && chown node /var/lib/driftwire
USER node
VOLUME /var/lib/driftwire
EXPOSE 8080
# Of a server that speaks TLS itself the check has to be another one: this asks in plain HTTP.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.DRIFTWIRE_PORT || 8080}/healthz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/cli/driftwire.cjs", "serve"]
