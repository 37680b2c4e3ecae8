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
package io.longhaul.sim;

import java.util.Arrays;
import java.util.function.BooleanSupplier;

/// Virtual time: runs actors in the order of what happens next. Equal times run in the order of joining, so that equal
/// settings give equal runs.
///
/// Threading: one thread.
public final class Timeline {
    private Actor[] actors = new Actor[0];
    private long[] due = new long[0]; // [actor]
    private long nowNanos;

    /// Creates a timeline at time 0.
    public Timeline() {}

    /// Virtual time, nanoseconds.
    public long nowNanos() {
        return nowNanos;
    }

    /// Adds an actor.
    public void join(Actor actor) {
        actors = Arrays.copyOf(actors, actors.length + 1);
        actors[actors.length - 1] = actor;
        due = Arrays.copyOf(due, actors.length);
    }

    /// Runs until a condition holds or virtual time has passed.
    ///
    /// @param condition asked before the first and after each step
    /// @return true when the condition holds
    public boolean runUntil(BooleanSupplier condition, long forNanos) {
        final long endNanos = nowNanos + forNanos;
        for (int i = 0; i < actors.length; i++) {
            actors[i].wake(nowNanos);
        }
        for (int i = 0; i < actors.length; i++) {
            due[i] = actors[i].nextNanos();
        }
        while (!condition.getAsBoolean()) {
            int next = 0;
            for (int i = 1; i < due.length; i++) {
                if (due[i] < due[next]) {
                    next = i;
                }
            }
            if (due[next] > endNanos) {
                nowNanos = endNanos;
                return condition.getAsBoolean();
            }
            nowNanos = Math.max(nowNanos, due[next]);
            actors[next].run(nowNanos);
            due[next] = actors[next].nextNanos();
        }
        return true;
    }

    /// Runs for a virtual time.
    public void runFor(long forNanos) {
        runUntil(() -> false, forNanos);
    }
}
