import { expect, it } from 'vitest'
import { redactor } from './redaction.ts'

const redact = redactor(['s3cret-admin-token', 'pass word', 'abc'])

it.each([
  ['a secret that is known', 'found s3cret-admin-token here', 'found [redacted] here'],
  ['one with a blank', 'the pass word of it', 'the [redacted] of it'],
  ['none that is so short that it is everywhere', 'abc', 'abc'],
  ['name and password in an address', 'at https://eve:p%40ss@db:8443/x', 'at https://[redacted]@db:8443/x'],
  ['a password alone in an address', 'redis://:hidden@cache/0', 'redis://[redacted]@cache/0'],
  ['no address without a password', 'at https://db:8443/x?y=z@q', 'at https://db:8443/x?y=z@q'],
  ['a token in a header', '{"authorization":"Bearer abcdefgh.ij-k_l"}', '{"authorization":"[redacted]"}'],
  ['a token in a text', 'sent Bearer abcdefgh.ij-k_l to it', 'sent Bearer [redacted] to it'],
  ['a password in JSON', '{"username":"ann","password":"a \\u0022 b"}', '{"username":"ann","password":"[redacted]"}'],
  [
    'a password in JSON within JSON',
    '{"body":"{\\"password\\":\\"hidden\\",\\"x\\":1}"}',
    '{"body":"{\\"password\\":\\"[redacted]\\",\\"x\\":1}"}',
  ],
  ['a password in a form', 'username=ann&password=hidden&x=1', 'username=ann&password=[redacted]&x=1'],
  ['a hash of a password', 'hash $argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA end', 'hash [redacted] end'],
  ['nothing of what is none', '{"level":30,"msg":"tokens 5, password of a client"}', '{"level":30,"msg":"tokens 5, password of a client"}'],
])('takes out %s', (_, text, expected) => {
  expect(redact(text)).toBe(expected)
})
