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
package io.longhaul.bench.compare;

/// How long is measured.
///
/// @param seconds of a stream
/// @param warmupSeconds before it; at least 40 round trips are taken
/// @param messages of a kind that counts messages
record Effort(int seconds, int warmupSeconds, int messages) {
    private static final double ROUND_TRIPS = 40;
    private static final double MESSAGES_TO_WARM_UP = 0.1;

    /// Seconds of a stream that do not count.
    int warmupSeconds(PathPoint path) {
        return Math.max(warmupSeconds, (int) Math.ceil(ROUND_TRIPS * path.rttNanos() / 1e9));
    }

    /// Messages that do not count.
    int warmupMessages() {
        return Math.max(20, (int) (MESSAGES_TO_WARM_UP * messages));
    }
}
