/** The event data of a log as 32-byte words (Solidity ABI: static types only). */

const WORD = 64

/** Word `i` as an unsigned integer of so many bits. Throws RangeError where the data are too short or it is larger, SyntaxError where they are no hex. */
export const unsigned = (data: string, i: number, bits = 256): bigint => {
  const start = 2 + i * WORD
  if (data.length < start + WORD) throw new RangeError(`event data of ${data.length - 2} digits have no word ${i}`)
  const value = BigInt(`0x${data.slice(start, start + WORD)}`)
  if (BigInt.asUintN(bits, value) !== value) throw new RangeError(`${value} is no uint${bits}`)
  return value
}

/** Word `i` as a two's complement integer of so many bits; throws as `unsigned` does. */
export const signed = (data: string, i: number, bits = 256): bigint => {
  const value = BigInt.asIntN(256, unsigned(data, i))
  if (BigInt.asIntN(bits, value) !== value) throw new RangeError(`${value} is no int${bits}`)
  return value
}

/** An indexed argument of a signed type. */
export const signedTopic = (topic: string): bigint => BigInt.asIntN(256, BigInt(topic))

/** First topics: keccak-256 of the events' signatures. */
export const SYNC_V2 = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
export const SWAP_V2 = '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822'
export const INITIALIZE_V3 = '0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95'
export const SWAP_V3 = '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67'
export const MINT_V3 = '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde'
export const BURN_V3 = '0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c'
