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
package io.longhaul.bench.peers;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// Sends messages by a plan and times them, whatever the transport: the same clock, loop and histogram for all.
///
/// Threading: one thread runs it; [#onAnswer] is called by one thread, another one or the same.
final class MessageLoad {
    private static final long PATIENCE_SECONDS = 60;

    /// Hands a message over to the transport.
    @FunctionalInterface
    interface Sender {
        /// Sends; may block until the transport takes it.
        ///
        /// @param index of the message, from 0
        void send(int index) throws IOException, InterruptedException;
    }

    private final LoadPlan plan;
    private final long[] intendedNanos; // [index]; written before the message is handed over
    private final Semaphore answers = new Semaphore(0);
    private final Histogram nanos = LoadPlan.histogram();
    private volatile int firstThatCounts = Integer.MAX_VALUE;
    private volatile long lastNanos;
    private volatile @Nullable String failure;

    MessageLoad(LoadPlan plan) {
        this.plan = plan;
        intendedNanos = new long[plan.total()];
    }

    /// Says that a message is known to have arrived.
    void onAnswer(int index) {
        long now = System.nanoTime();
        if (index >= firstThatCounts) {
            nanos.recordValue(Math.clamp(now - intendedNanos[index], 0, nanos.getHighestTrackableValue()));
        }
        lastNanos = now;
        answers.release();
    }

    /// Ends the load: nothing more will be answered.
    void onFailure(String why) {
        failure = why;
        answers.release(plan.total());
    }

    /// Sends everything, and waits for the last answer.
    ///
    /// @return the result as JSON
    String run(Sender sender) throws IOException, InterruptedException {
        long start = System.nanoTime();
        int sent = 0;
        // One counts at least, however long those before it took.
        while (sent < plan.total()
                && (sent <= firstThatCounts || System.nanoTime() - start < plan.mostSeconds() * 1e9)) {
            if (firstThatCounts > sent && (sent >= plan.warmupMessages() || isWarm(System.nanoTime() - start))) {
                firstThatCounts = sent;
            }
            if (plan.perSecond() > 0) {
                intendedNanos[sent] = plan.dueNanos(start, sent);
                waitUntil(intendedNanos[sent]);
            } else {
                intendedNanos[sent] = System.nanoTime();
            }
            sender.send(sent);
            sent++;
            if (plan.perSecond() == 0) {
                await(1);
            }
        }
        if (plan.perSecond() > 0) {
            await(sent);
        }
        return plan.json(nanos, (lastNanos - intendedNanos[firstThatCounts]) / 1e9);
    }

    /// The warm-up is over when it has had its share of the time, though not all of its messages.
    private boolean isWarm(long nanos) {
        return nanos > plan.mostSeconds() * 1e9 * plan.warmupMessages() / plan.total();
    }

    private void await(int count) throws IOException, InterruptedException {
        if (!answers.tryAcquire(count, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("no answer within " + PATIENCE_SECONDS + " s");
        }
        String why = failure;
        if (why != null) {
            throw new IOException(why);
        }
    }

    private static void waitUntil(long nanos) {
        long left = nanos - System.nanoTime();
        while (left > 0) {
            LockSupport.parkNanos(left);
            left = nanos - System.nanoTime();
        }
    }
}
