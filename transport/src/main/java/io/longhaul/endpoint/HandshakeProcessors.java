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

import io.longhaul.linux.ThreadNiceness;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The processors that TLS handshakes may take: at most half of the machine's, and one at least, on threads that stand
/// back behind all others, so that a storm of newcomers does not take the processors that move the data of those who
/// are
/// there. What is above waits its turn.
///
/// Parties take turns: of two hosts that connect, one a thousand times and one once, the second waits for one handshake
/// of the first. Within a party the oldest handshake goes first, so that those that have begun end before others begin.
/// That is start-time fair queueing with a handshake as the unit.
///
/// Threading: any thread; {@link #run} blocks.
final class HandshakeProcessors {
    /// Those of this process: handshakes of all endpoints compete for the same processors.
    static final HandshakeProcessors SHARED =
            new HandshakeProcessors(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

    private static final int NICENESS = 10;
    private static final long KEEP_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final int most;
    private final PriorityQueue<Job> waiting = new PriorityQueue<>(); // guarded by this
    private final Map<Object, Party> parties = new HashMap<>(); // guarded by this
    private long reachedRank; // guarded by this
    private long jobs; // guarded by this
    private int threads; // guarded by this
    private int idle; // guarded by this

    /// Those who share turns.
    private static final class Party {
        private long lastRank;
        private int handshakes;
    }

    /// The place of one handshake in the order of all.
    final class Turn implements AutoCloseable {
        private final Object name;
        private final long rank;
        private boolean ended; // guarded by the processors

        private Turn(Object name, long rank) {
            this.name = name;
            this.rank = rank;
        }

        /// Says that the handshake is over. Idempotent.
        @Override
        public void close() {
            synchronized (HandshakeProcessors.this) {
                if (!ended) {
                    ended = true;
                    leave(name);
                }
            }
        }
    }

    private static final class Job implements Comparable<Job> {
        private final long rank;
        private final long number;
        private final Runnable work;
        private final long sinceNanos = System.nanoTime();
        private final CompletableFuture<Long> waited = new CompletableFuture<>();

        private Job(long rank, long number, Runnable work) {
            this.rank = rank;
            this.number = number;
            this.work = work;
        }

        @Override
        public int compareTo(Job other) {
            return rank != other.rank ? Long.compare(rank, other.rank) : Long.compare(number, other.number);
        }

        private void run() {
            final long waitedNanos = System.nanoTime() - sinceNanos;
            try {
                work.run();
                waited.complete(waitedNanos);
            } catch (Throwable t) {
                waited.completeExceptionally(t); // to whom it concerns; the thread goes on
            }
        }
    }

    /// @param most handshakes that compute at a time
    HandshakeProcessors(int most) {
        this.most = most;
    }

    /// Gives a handshake its place.
    ///
    /// @param party who it is for: handshakes of equal parties share their turns
    synchronized Turn begin(Object party) {
        final Party own = parties.computeIfAbsent(party, name -> new Party());
        own.handshakes++;
        own.lastRank = Math.max(own.lastRank, reachedRank) + 1;
        return new Turn(party, own.lastRank);
    }

    private synchronized void leave(Object name) {
        final Party party = parties.get(name);
        if (party != null && --party.handshakes == 0) {
            parties.remove(name);
        }
    }

    /// Parties with a handshake under way. For tests.
    synchronized int parties() {
        return parties.size();
    }

    /// Steps that wait for a processor. For tests.
    synchronized int waiting() {
        return waiting.size();
    }

    /// Has a step of a handshake computed when its turn has come, and waits for that. An interrupt is kept for
    /// later.
    ///
    /// @return how long it waited for its turn, ns
    long run(Turn turn, Runnable work) {
        final Job job = submit(turn, work);
        try {
            return job.waited.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    private synchronized Job submit(Turn turn, Runnable work) {
        final Job job = new Job(turn.rank, jobs++, work);
        waiting.add(job);
        if (waiting.size() <= idle) {
            notify();
        } else if (threads < most) {
            start(job);
        }
        return job;
    }

    private void start(Job job) {
        try {
            Thread.ofPlatform().daemon().name("longhaul-handshake").start(this::serve);
            threads++;
        } catch (OutOfMemoryError e) {
            // The system gives no thread. Without any of ours, the caller computes it himself.
            if (threads == 0) {
                waiting.remove(job);
                job.run();
            }
        }
    }

    private void serve() {
        ThreadNiceness.set(NICENESS);
        for (Job job = next(); job != null; job = next()) {
            job.run();
        }
    }

    /// The next job, or null when the thread is to end: there was none for a while.
    private synchronized @Nullable Job next() {
        final long deadlineNanos = System.nanoTime() + KEEP_NANOS;
        while (waiting.isEmpty()) {
            final long leftNanos = deadlineNanos - System.nanoTime();
            if (leftNanos <= 0) {
                threads--;
                return null;
            }
            idle++;
            try {
                TimeUnit.NANOSECONDS.timedWait(this, leftNanos);
            } catch (InterruptedException e) {
                assert false : "nobody interrupts these threads";
            } finally {
                idle--;
            }
        }
        final Job job = waiting.remove();
        reachedRank = Math.max(reachedRank, job.rank);
        return job;
    }
}
