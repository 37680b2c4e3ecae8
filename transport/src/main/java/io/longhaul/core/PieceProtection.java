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
package io.longhaul.core;

/// What is sent of a piece beside its chunks, and how far that is.
final class PieceProtection {
    private static final long NOT_SENT = -1;

    private int copies;
    private int rows;
    private int groups;
    private int lastLane;
    private long lastNumber = NOT_SENT;
    private long lastNanos;

    PieceProtection() {}

    /// Nothing is sent beside the chunks.
    void clear() {
        copies = 0;
        rows = 0;
        groups = 0;
        lastNumber = NOT_SENT;
    }

    /// Every packet is repeated so often.
    void copies(int count) {
        copies = count;
    }

    /// Parities for groups that take the chunks in turn.
    ///
    /// @param rowCount parities of each group
    void parity(int rowCount, int groupCount) {
        rows = rowCount;
        groups = groupCount;
    }

    boolean isOn() {
        return copies > 0 || rows > 0;
    }

    int copies() {
        return copies;
    }

    int rows() {
        return rows;
    }

    int groups() {
        return groups;
    }

    /// The last packet of it leaves.
    void onSent(int lane, long packetNumber, long nowNanos) {
        lastLane = lane;
        lastNumber = packetNumber;
        lastNanos = nowNanos;
    }

    /// Time until which a loss may still be repaired at the far end; in the past when it may not.
    ///
    /// @param sentNanos when the packet left that seems to be lost
    /// @param lossDelayNanos time after sending at which a packet counts as lost
    long openUntilNanos(SendLane[] lanes, long sentNanos, long lossDelayNanos, long nowNanos) {
        // A piece that takes longer than this to be sent is repaired sooner by sending what it lost again.
        final long atMost = sentNanos + 2 * lossDelayNanos;
        if (lastNumber == NOT_SENT) {
            return isOn() ? atMost : nowNanos - 1;
        }
        if (lanes[lastLane].newestReported >= lastNumber) {
            return nowNanos - 1;
        }
        return Instants.earlier(atMost, lastNanos + lossDelayNanos);
    }
}
