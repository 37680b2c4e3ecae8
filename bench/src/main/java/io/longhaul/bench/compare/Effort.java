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

import java.util.Map;

/// How long is measured.
///
/// @param seconds of a stream
/// @param warmupSeconds before it; at least 40 round trips are taken
/// @param messages of each length, in a run
record Effort(int seconds, int warmupSeconds, Map<Long, Integer> messages) {
    private static final double ROUND_TRIPS = 40;
    private static final int LEAST_MESSAGES_TO_WARM_UP = 3;
    private static final double PATIENCE = 2.5;

    /// Where the JVM's compiler took half of two processors, it did so for 14 s after the start.
    private static final int COMPILING = 3;

    /// What a peer gets: {@link #COMPILING} times the warm-up where a protocol has to be compiled first.
    Effort of(Peer peer) {
        return peer.isCompiledAsItRuns() ? new Effort(seconds, COMPILING * warmupSeconds, messages) : this;
    }

    /// Seconds of a stream that do not count.
    int warmupSeconds(PathPoint path) {
        return Math.max(warmupSeconds, (int) Math.ceil(ROUND_TRIPS * path.rttNanos() / 1e9));
    }

    /// Messages of a length that count.
    int messages(long sizeBytes) {
        return messages.getOrDefault(sizeBytes, 1);
    }

    /// Seconds of a load, those that count.
    int loadSeconds() {
        return 2 * seconds;
    }

    /// Messages that do not count: as many as the path carries while code becomes fast.
    int warmupMessages(Cell cell) {
        double perSecond = cell.kind() == Cell.Kind.LOAD
                ? LoadRate.messagesPerSecond(cell)
                : 1 / cell.path().idealSeconds(cell.sizeBytes());
        return Math.max(LEAST_MESSAGES_TO_WARM_UP, (int) Math.ceil(warmupSeconds * perSecond));
    }

    /// How many messages of a cell count.
    int countOf(Cell cell) {
        return cell.kind() == Cell.Kind.LOAD
                ? (int) Math.ceil(loadSeconds() * LoadRate.messagesPerSecond(cell))
                : messages(cell.sizeBytes());
    }

    /// After how many seconds no more messages are sent: a transport that takes far longer than the ideal has fewer
    /// of
    /// them.
    double mostSeconds(Cell cell) {
        int total = countOf(cell) + warmupMessages(cell);
        double ideal = cell.kind() == Cell.Kind.LOAD
                ? total / LoadRate.messagesPerSecond(cell)
                : total * cell.path().idealSeconds(cell.sizeBytes());
        return PATIENCE * ideal + 10;
    }
}
