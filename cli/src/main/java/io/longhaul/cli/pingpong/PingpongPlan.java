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
package io.longhaul.cli.pingpong;

import io.longhaul.verbs.QueuePair;
import java.time.Duration;

/// What is to be exchanged. Both ends must be told the same type, size, number and MTU.
///
/// @param type UC or UD
/// @param sizeBytes length of a message, 1..2^30
/// @param iterations how many messages each end sends, 1 and more
/// @param pathMtuBytes UC: most payload of one packet; a longer message travels in several
/// @param receiveDepth receives to keep posted, 1 and more
/// @param sleeps whether to sleep until a completion is announced, instead of polling
/// @param checks whether the client fills each message anew and expects it back unchanged
/// @param timeout how long to wait for a message before it counts as lost
public record PingpongPlan(
        QueuePair.Type type,
        int sizeBytes,
        int iterations,
        int pathMtuBytes,
        int receiveDepth,
        boolean sleeps,
        boolean checks,
        Duration timeout) {
    /// Longest message.
    public static final int MAX_SIZE_BYTES = 1 << 30;

    /// Checks the ranges.
    public PingpongPlan {
        if (type == QueuePair.Type.RC) {
            throw new IllegalArgumentException("type must be UC or UD");
        }
        check("size", sizeBytes, MAX_SIZE_BYTES);
        check("iters", iterations, Integer.MAX_VALUE);
        check("rx-depth", receiveDepth, 1 << 15);
    }

    private static void check(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException("--" + name + " must be in 1.." + most + ", is " + value);
        }
    }
}
