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

/// How an exchange went.
///
/// @param local this end
/// @param remote the peer
/// @param bytes payload of all messages, both directions
/// @param nanos from the moment when both ends were ready until the last completion
/// @param iterations messages of each end
/// @param unchanged messages that came back as they were sent; -1 when nobody looked
public record PingpongResult(String local, String remote, long bytes, long nanos, int iterations, int unchanged) {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;

    /// The time in seconds.
    public double seconds() {
        return nanos / NANOS_PER_SECOND;
    }

    /// Payload per second, both directions together.
    public double bitsPerSecond() {
        return bytes * Byte.SIZE / seconds();
    }

    /// The time of one message and its answer.
    public double microsPerIteration() {
        return nanos / NANOS_PER_MICRO / iterations;
    }
}
