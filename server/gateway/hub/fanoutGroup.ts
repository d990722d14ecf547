import type { Rate } from '../../../streams/wire/requests.ts'

/** Every frame as it comes, or merged to so many pushes a second. */
export type PushRate = 0 | Rate

/** What a text frame costs beside its payload, at most. */
export const FRAME_OVERHEAD = 10

/**
 * All who follow one channel at one rate: they get the same bytes by one topic of the transport, so they are all at the same
 * sequence number, always.
 */
export class FanoutGroup {
  readonly channel: string
  readonly rate: PushRate
  readonly topic: string
  /** Where checksums go, for those who asked for them. */
  readonly checksumTopic: string
  /** Sequence number that all who have joined are at. */
  seq: number
  /** Bytes ever published, by the topic and by that of the checksums: the difference of two readings is what a member was sent. */
  bytes = 0
  checksumBytes = 0
  members = 0
  checksumMembers = 0

  constructor(channel: string, rate: PushRate, seq: number) {
    this.channel = channel
    this.rate = rate
    this.topic = `${rate}|${channel}`
    this.checksumTopic = `#${rate}|${channel}`
    this.seq = seq
  }
}
