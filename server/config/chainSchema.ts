import { z } from 'zod'

/** A chain and one of its nodes. */
export const chainSchema = z.strictObject({
  id: z.int().min(1).describe('chain id, as EIP-155 has it: 1 is Ethereum, 137 Polygon'),
  node: z
    .string()
    .refine(
      text => /^\$[A-Z][A-Z0-9_]*$/.test(text) || isAddress(text),
      'https://… or http://… without name and password, or "$VARIABLE" of the environment',
    )
    .describe('JSON-RPC of a node; "$VARIABLE" takes the address from the environment, where keys belong'),
  contractsPerMinute: z.int().min(1).default(30).describe('contracts that are read, each by some ten questions to the node'),
})

/** Whether a text is the address of a node. One with a name and a password cannot be asked. */
export const isAddress = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}
