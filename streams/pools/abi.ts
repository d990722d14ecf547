// Reads the event data of a log as 32-byte words (Solidity ABI).

/** Hex digits of a word. */
const WORD = 64

/**
 * Returns word `i` as an unsigned integer of `bits` bits. Throws RangeError if the data are too short or the integer is larger, SyntaxError
 * if they are not hex.
 */
export const unsigned = (data: string, i: number, bits = 256): bigint => {
  const start = 2 + i * WORD
  if (data.length < start + WORD) throw new RangeError(`event data: found ${data.length - 2} digits, expected a word ${i}`)
  const value = BigInt(`0x${data.slice(start, start + WORD)}`)
  if (bits < 256 && value >> BigInt(bits) !== 0n) throw new RangeError(`event data: found ${value} in word ${i}, expected a uint${bits}`)
  return value
}

/** Returns word `i` as a two's complement integer of `bits` bits; throws as `unsigned` does. */
export const signed = (data: string, i: number, bits = 256): bigint => {
  const value = BigInt.asIntN(256, unsigned(data, i))
  if (bits < 256 && BigInt.asIntN(bits, value) !== value)
    throw new RangeError(`event data: found ${value} in word ${i}, expected an int${bits}`)
  return value
}

/** Returns the number of whole words. */
export const wordsOf = (data: string): number => Math.floor((data.length - 2) / WORD)

/** Checks the number of words. Throws RangeError if there are fewer. */
export const atLeast = (data: string, words: number): void => {
  if (data.length < 2 + words * WORD) throw new RangeError(`event data: found ${data.length - 2} digits, expected ${words} words`)
}

/** Returns the two unsigned integers of the dynamic array that word `i` points to; throws as `unsigned` does, and if the array is of another length. */
export const unsignedPair = (data: string, i: number): readonly [bigint, bigint] => {
  const [first, length] = arrayAt(data, i)
  if (length !== 2n) throw new RangeError(`event data: found an array of ${length}, expected one of 2`)
  return [unsigned(data, first), unsigned(data, first + 1)]
}

/** Returns the length of the dynamic array that word `i` points to; throws as `unsigned` does. */
export const lengthOf = (data: string, i: number): number => Number(arrayAt(data, i)[1])

const arrayAt = (data: string, i: number): readonly [first: number, length: bigint] => {
  const offset = unsigned(data, i, 32)
  if (offset % 32n !== 0n) throw new RangeError(`event data: found an array at ${offset}, expected a multiple of 32`)
  const at = Number(offset / 32n)
  return [at + 1, unsigned(data, at)]
}

/** Returns an indexed argument of a signed type. */
export const signedTopic = (topic: string): bigint => BigInt.asIntN(256, BigInt(topic))

// First topics: keccak-256 of the events' signatures.

/** Sync(uint112,uint112) of a Uniswap v2 pair. */
export const SYNC_V2 = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
/** Swap(address,uint256,uint256,uint256,uint256,address) of a Uniswap v2 pair. */
export const SWAP_V2 = '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822'
/** Sync(uint256,uint256) of a pair of Solidly and what descends from it (Velodrome, Aerodrome). */
export const SYNC_SOLIDLY = '0xcf2aa50876cdfbb541206f89af0ee78d44a2abf8d328e37fa4917f982149848a'
/** Swap(address,address,uint256,uint256,uint256,uint256) of a pair of Velodrome v2 and Aerodrome: the words of a Uniswap v2 pair. */
export const SWAP_VELODROME = '0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b'
/** Initialize(uint160,int24) of a Uniswap v3 pool. */
export const INITIALIZE_V3 = '0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95'
/** Swap(address,address,int256,int256,uint160,uint128,int24) of a Uniswap v3 pool. */
export const SWAP_V3 = '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67'
/** Mint(address,address,int24,int24,uint128,uint256,uint256) of a Uniswap v3 pool. */
export const MINT_V3 = '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde'
/** Burn(address,int24,int24,uint128,uint256,uint256) of a Uniswap v3 pool. */
export const BURN_V3 = '0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c'
/** Collect(address,address,int24,int24,uint128,uint128) of a Uniswap v3 pool. */
export const COLLECT_V3 = '0x70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0'
/** CollectProtocol(address,address,uint128,uint128) of a Uniswap v3 pool. */
export const COLLECT_PROTOCOL_V3 = '0x596b573906218d3411850b26a6b437d6c4522fdb43d2d2386263f86d50b8b151'
/** Flash(address,address,uint256,uint256,uint256,uint256) of a Uniswap v3 pool. */
export const FLASH_V3 = '0xbdbdb71d7860376ba52b25a5028beea23581364a40522f6bcfb86bb1f2dca633'
/** CollectFees(address,uint128,uint128) of a pool of Slipstream (Velodrome, Aerodrome): what its gauge takes out. */
export const COLLECT_FEES_SLIPSTREAM = '0x205860e66845f2bbc0966bfab80db9bf93fca93862ea2b9fcf6945748352b4a3'
/** IncreaseObservationCardinalityNext(uint16,uint16) of a Uniswap v3 pool. */
export const INCREASE_OBSERVATIONS_V3 = '0xac49e518f90a358f652e4400164f05a5d8f7e35e7747279bc3a93dbf584e125a'
/** SetFeeProtocol(uint8,uint8,uint8,uint8) of a Uniswap v3 pool. */
export const SET_FEE_PROTOCOL_V3 = '0x973d8d92bb299f4af6ce49b52a8adb85ae46b9f214c4c4fc06ac77401237b133'
/** SetFeeProtocol(uint32,uint32,uint32,uint32) of a PancakeSwap v3 pool. */
export const SET_FEE_PROTOCOL_PANCAKE = '0xb3159fed3ddfba67bae294599eafe2d0ec98c08bb38e0e5fb87d33154b6e05aa'
/** TokenExchange(address,int128,uint256,int128,uint256) of a stableswap pool. */
export const TOKEN_EXCHANGE = '0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140'
/** AddLiquidity(address,uint256[],uint256[],uint256,uint256) of a stableswap pool. */
export const ADD_LIQUIDITY = '0x189c623b666b1b45b83d7178f39b8c087cb09774317ca2f53c2d3c3726f222a2'
/** RemoveLiquidity(address,uint256[],uint256[],uint256) of a stableswap pool. */
export const REMOVE_LIQUIDITY = '0x347ad828e58cbe534d8f6b67985d791360756b18f0d95fd9f197a66cc46480ea'
/** RemoveLiquidityOne(address,int128,uint256,uint256,uint256) of a stableswap pool. */
export const REMOVE_LIQUIDITY_ONE = '0x6f48129db1f37ccb9cc5dd7e119cb32750cabdf75b48375d730d26ce3659bbe1'
/** RemoveLiquidityImbalance(address,uint256[],uint256[],uint256,uint256) of a stableswap pool. */
export const REMOVE_LIQUIDITY_IMBALANCE = '0x3631c28b1f9dd213e0319fb167b554d76b6c283a41143eb400a0d1adb1af1755'
/** RampA(uint256,uint256,uint256,uint256) of a stableswap pool. */
export const RAMP_A = '0xa2b71ec6df949300b59aab36b55e189697b750119dd349fcfa8c0f779e83c254'
/** StopRampA(uint256,uint256) of a stableswap pool. */
export const STOP_RAMP_A = '0x46e22fb3709ad289f62ce63d469248536dbc78d82b84a3d7e74ad606dc201938'
/** ApplyNewFee(uint256,uint256) of a stableswap pool. */
export const APPLY_NEW_FEE = '0x750d10a7f37466ce785ee6bcb604aac543358db42afbcc332a3c12a49c80bf6d'

/** TokenExchange(address,uint256,uint256,uint256,uint256) of a cryptoswap pool. */
export const TOKEN_EXCHANGE_CRYPTO = '0xb2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98'
/** TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256) of a newer cryptoswap pool: a fee and a price follow. */
export const TOKEN_EXCHANGE_CRYPTO_NG = '0x143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c'
/** AddLiquidity(address,uint256[2],uint256[2],uint256,uint256) of an older pool of Curve. */
export const ADD_LIQUIDITY_OLD = '0x26f55a85081d24974e85c6c00045d0f0453991e95873f52bff0d21af4079a768'
/** RemoveLiquidity(address,uint256[2],uint256[2],uint256) of an older pool of Curve. */
export const REMOVE_LIQUIDITY_OLD = '0x7c363854ccf79623411f8995b362bce5eddff18c927edc6f5dbbb5e05819a82c'
/** RemoveLiquidityImbalance(address,uint256[2],uint256[2],uint256,uint256) of an older pool of Curve. */
export const REMOVE_LIQUIDITY_IMBALANCE_OLD = '0x2b5508378d7e19e0d5fa338419034731416c4f5b219a10379956f764317fd47e'
