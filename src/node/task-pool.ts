/** Threads for one kind of long computation, as many as there are cores; tasks and answers are plain data. */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { taskFile, type TaskThread } from './spawn.ts';

export type TaskPool<Task, Answer> = {
  readonly threads: number;
  /** Does the task when a thread is free. Rejects with what it threw. */
  run(task: Task): Promise<Answer>;
  /** Ends the threads, whatever they do. */
  close(): Promise<void>;
};

/** `name`: of the function in the thread's file that does a task. */
export function openTaskPool<Task, Answer>(
  thread: TaskThread,
  name: string,
  threads = availableParallelism(),
): TaskPool<Task, Answer> {
  const piscina = new Piscina<Task, Answer>({ filename: taskFile(thread), minThreads: 0, maxThreads: threads });
  return {
    threads,
    run: (task) => piscina.run(task, { name }),
    close: () => piscina.destroy(),
  };
}
