/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.endpoint;

import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/// Commands for an agent, which may be asleep: whoever puts one in wakes it, and only then.
///
/// Threading: {@link #submit} and {@link #call} any thread, everything else the agent.
final class CommandQueue {
    private static final VarHandle PARKED;

    static {
        try {
            PARKED = MethodHandles.lookup().findVarHandle(CommandQueue.class, "parked", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int CHUNK = 1024;

    private final MpscUnboundedAtomicArrayQueue<Runnable> commands = new MpscUnboundedAtomicArrayQueue<>(CHUNK);
    private final Runnable wakeup;
    private final RateLimitedLog log;
    private volatile @Nullable Thread consumer;
    private volatile boolean terminated;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private boolean parked;

    /// Creates a queue.
    ///
    /// @param wakeup ends the agent's sleep
    CommandQueue(Runnable wakeup, RateLimitedLog log) {
        this.wakeup = wakeup;
        this.log = log;
    }

    /// Names the present thread as the agent's.
    void bind() {
        consumer = Thread.currentThread();
    }

    boolean isAgentThread() {
        return Thread.currentThread().equals(consumer);
    }

    /// Has a command run on the agent, soon. After the agent has ended it is run by the caller instead.
    void submit(Runnable command) {
        commands.offer(command);
        // Full fence: the command is visible before `parked` is read. With beginPark(), which sets `parked` before
        // it looks for commands, one of the two sees the other.
        VarHandle.fullFence();
        if ((boolean) PARKED.getVolatile(this) && PARKED.compareAndSet(this, true, false)) {
            wakeup.run();
        }
        if (terminated) {
            runLeft();
        }
    }

    /// Has something computed on the agent; on the agent's own thread, at once.
    <T extends @Nullable Object> CompletableFuture<T> call(Supplier<T> computation) {
        final CompletableFuture<T> result = new CompletableFuture<>();
        final Runnable command = () -> {
            try {
                result.complete(computation.get());
            } catch (Throwable e) { // somebody waits for it
                result.completeExceptionally(e);
            }
        };
        if (isAgentThread()) {
            command.run();
        } else {
            submit(command);
        }
        return result;
    }

    /// Runs what has been put in.
    ///
    /// @param limit most commands to run
    /// @return how many were
    int run(int limit) {
        int count = 0;
        while (count < limit) {
            final Runnable command = commands.poll();
            if (command == null) {
                break;
            }
            run(command);
            count++;
        }
        return count;
    }

    private void run(Runnable command) {
        try {
            command.run();
        } catch (Throwable e) { // the rest of them are run
            log.log(Level.ERROR, "a command of an agent failed", e);
        }
    }

    /// Says that the agent is about to sleep; {@link #endPark} must follow.
    ///
    /// @return false when there are commands: do not sleep
    boolean beginPark() {
        // Volatile store, then volatile loads: see submit().
        PARKED.setVolatile(this, true);
        return commands.isEmpty();
    }

    /// Says that the agent is awake.
    void endPark() {
        PARKED.setVolatile(this, false);
    }

    boolean isTerminated() {
        return terminated;
    }

    /// Says that the agent has ended, and runs what is left.
    void terminate() {
        // Volatile: a submitter that does not see it has its command run here, one that sees it runs it itself.
        terminated = true;
        runLeft();
    }

    private synchronized void runLeft() {
        run(Integer.MAX_VALUE);
    }
}
