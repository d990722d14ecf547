import { followed, type Schema } from './document.ts'

const typeOf = (schema: Schema): string => {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(' | ')
  if (schema.$ref) return schema.$ref.split('/').at(-1)!
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type as string | undefined)
  if (type === 'array') return `${schema.items ? typeOf(schema.items) : 'any'}[]`
  return type ?? (schema.anyOf || schema.oneOf ? 'one of' : schema.properties ? 'object' : 'any')
}

/** Levels that are shown; deeper ones are in the document itself. */
const DEPTH = 5

interface SchemaProps {
  readonly document: object
  readonly schema: Schema
  readonly depth?: number
}

/** A schema as a list of its members. */
export const SchemaView = ({ document, schema: given, depth = 0 }: SchemaProps) => {
  const schema = followed(document, given)
  if (depth > DEPTH) return null
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf
  return (
    <div class="schema">
      {depth === 0 && (
        <p>
          <code>{typeOf(given)}</code> {schema.description}
        </p>
      )}
      {schema.properties && (
        <ul>
          {Object.entries(schema.properties).map(([name, member]) => (
            <li key={name}>
              <code class="member">{name}</code> <code class="quiet">{typeOf(member)}</code>
              {!schema.required?.includes(name) && <span class="quiet"> optional</span>} {followed(document, member).description}
              <Inner document={document} schema={member} depth={depth + 1} />
            </li>
          ))}
        </ul>
      )}
      {typeof schema.additionalProperties === 'object' && (
        <ul>
          <li>
            <code class="member">any name</code> <code class="quiet">{typeOf(schema.additionalProperties)}</code>{' '}
            {schema.additionalProperties.description}
            <Inner document={document} schema={schema.additionalProperties} depth={depth + 1} />
          </li>
        </ul>
      )}
      {schema.items && <Inner document={document} schema={schema.items} depth={depth + 1} />}
      {choices && (
        <ul>
          {choices.map((each, i) => (
            <li key={i}>
              <code class="quiet">{typeOf(each)}</code> {followed(document, each).description}
              <Inner document={document} schema={each} depth={depth + 1} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

const Inner = (props: Required<SchemaProps>) => {
  const { properties, items, additionalProperties, anyOf, oneOf, allOf } = followed(props.document, props.schema)
  return properties || items || typeof additionalProperties === 'object' || anyOf || oneOf || allOf ? <SchemaView {...props} /> : null
}
