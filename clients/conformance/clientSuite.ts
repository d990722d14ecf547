import { Mismatch, Skipped } from './mismatch.ts'
import type { Shown } from './report.ts'
import { SCENES, type Scene } from './scenes.ts'
import type { ScriptedServer } from './scriptedServer.ts'
import { Stage } from './stage.ts'

/** What a scene has shown of a client. */
export interface SceneResult extends Shown {
  readonly scene: Scene
}

/** Tries the client that connects to a scripted server and follows `fund:CONFORMANCE`. The scenes are played one after the other. */
export async function* triedClient(server: ScriptedServer, scenes: readonly Scene[] = SCENES): AsyncGenerator<SceneResult> {
  const stage = new Stage(server)
  for (const [i, scene] of scenes.entries()) {
    try {
      // Each scene but the first begins with a client that has a state.
      if (i === 0 && scene !== SCENES[0]) await stage.reset()
      await scene.play(stage)
      yield { scene, outcome: 'passed', why: undefined, transcripts: [] }
    } catch (error) {
      const transcripts = stage.line ? [[...stage.line.transcript]] : []
      if (error instanceof Skipped) yield { scene, outcome: 'skipped', why: error.message, transcripts: [] }
      else yield { scene, outcome: 'failed', why: error instanceof Mismatch ? error.message : String(error), transcripts }
      if (error instanceof Skipped) continue
      const isBack = await stage.reset().then(
        () => true,
        () => false,
      )
      // A client that does not come back cannot be tried any more.
      if (!isBack) return
    }
  }
}
