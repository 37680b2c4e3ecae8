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

import io.longhaul.ConnectionStatistics.ResendCause;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The chunks between the oldest that is not acknowledged and the newest that was sent: what each one is, where it was
/// sent
/// last, and whether it has arrived.
///
/// Layout: [slot] = csn & (length - 1); the rings double when the window outgrows them. Acknowledged chunks are also
/// bits of
/// {@code acked} (one word for 64 chunks), so that an acknowledgement that describes the whole window costs words, not
/// chunks.
final class SendWindow {
    static final byte FREE = 0;
    static final byte IN_FLIGHT = 1;
    static final byte LOST = 2;
    static final byte ACKED = 3;

    /// In place of a lane: none.
    static final byte NO_LANE = -1;

    private @Nullable Piece[] pieces;
    private byte[] state;
    private byte[] lane;
    private byte[] lostLane;
    private byte[] lostCause;
    private int[] lostNumber; // lowest 32 bits
    private byte[] transmissions;
    private long[] packetNumber;
    private long[] acked;
    private final int maxChunks;
    private int mask;

    private long cumulativeCsn;
    private long nextCsn;
    private long creditCsn;

    SendWindow(int capacity, int maxChunks, long initialCreditCsn) {
        assert Integer.bitCount(capacity) == 1 && capacity >= 64 : "capacity is a power of two from 64";
        mask = capacity - 1;
        this.maxChunks = maxChunks;
        pieces = new Piece[capacity];
        state = new byte[capacity];
        lane = new byte[capacity];
        lostLane = new byte[capacity];
        lostCause = new byte[capacity];
        lostNumber = new int[capacity];
        transmissions = new byte[capacity];
        packetNumber = new long[capacity];
        acked = new long[capacity / 64];
        creditCsn = initialCreditCsn;
    }

    /// Every smaller CSN is acknowledged.
    long cumulativeCsn() {
        return cumulativeCsn;
    }

    /// Next CSN to be sent for the first time.
    long nextCsn() {
        return nextCsn;
    }

    /// CSNs below it may be sent.
    long creditCsn() {
        return creditCsn;
    }

    boolean hasCredit() {
        return room() > 0;
    }

    /// Chunks that may be sent for the first time: what the peer's credit and our own cap leave.
    long room() {
        return Math.min(creditCsn, cumulativeCsn + maxChunks) - nextCsn;
    }

    void onCredit(long csn) {
        // Credit is absolute: an older acknowledgement cannot take it back.
        creditCsn = Math.max(creditCsn, csn);
    }

    boolean isEmpty() {
        return cumulativeCsn == nextCsn;
    }

    /// Takes the next CSN for a chunk of a piece.
    long open(Piece piece) {
        if (nextCsn - cumulativeCsn > mask) {
            grow();
        }
        final int slot = slot(nextCsn);
        pieces[slot] = piece;
        state[slot] = FREE;
        transmissions[slot] = 0;
        lostLane[slot] = NO_LANE;
        acked[slot >>> 6] &= ~(1L << (slot & 63));
        return nextCsn++;
    }

    private void grow() {
        final int length = (mask + 1) * 2;
        final @Nullable Piece[] newPieces = new Piece[length];
        final byte[] newState = new byte[length];
        final byte[] newLane = new byte[length];
        final byte[] newLostLane = new byte[length];
        final byte[] newLostCause = new byte[length];
        final int[] newLostNumber = new int[length];
        final byte[] newTransmissions = new byte[length];
        final long[] newNumbers = new long[length];
        final long[] newAcked = new long[length / 64];
        for (long csn = cumulativeCsn; csn < nextCsn; csn++) {
            final int from = slot(csn);
            final int to = (int) (csn & length - 1);
            newPieces[to] = pieces[from];
            newState[to] = state[from];
            newLane[to] = lane[from];
            newLostLane[to] = lostLane[from];
            newLostCause[to] = lostCause[from];
            newLostNumber[to] = lostNumber[from];
            newTransmissions[to] = transmissions[from];
            newNumbers[to] = packetNumber[from];
            if ((acked[from >>> 6] & 1L << (from & 63)) != 0) {
                newAcked[to >>> 6] |= 1L << (to & 63);
            }
        }
        pieces = newPieces;
        state = newState;
        lane = newLane;
        lostLane = newLostLane;
        lostCause = newLostCause;
        lostNumber = newLostNumber;
        transmissions = newTransmissions;
        packetNumber = newNumbers;
        acked = newAcked;
        mask = length - 1;
    }

    private int slot(long csn) {
        return (int) (csn & mask);
    }

    Piece piece(long csn) {
        return Objects.requireNonNull(pieces[slot(csn)], "an open chunk has a piece");
    }

    byte state(long csn) {
        return state[slot(csn)];
    }

    boolean isAcked(long csn) {
        return csn < cumulativeCsn || state[slot(csn)] == ACKED;
    }

    int lane(long csn) {
        return lane[slot(csn)];
    }

    long packetNumber(long csn) {
        return packetNumber[slot(csn)];
    }

    int transmissions(long csn) {
        return transmissions[slot(csn)] & 0xff;
    }

    /// The chunk left in a packet.
    void onSent(long csn, int laneIndex, long number) {
        final int slot = slot(csn);
        state[slot] = IN_FLIGHT;
        lane[slot] = (byte) laneIndex;
        packetNumber[slot] = number;
        if (transmissions[slot] != -1) {
            transmissions[slot]++;
        }
    }

    /// The chunk's newest transmission was declared lost; its lane and number are remembered in case that was
    /// wrong.
    void onLost(long csn, ResendCause cause) {
        final int slot = slot(csn);
        state[slot] = LOST;
        lostLane[slot] = lane[slot];
        lostNumber[slot] = (int) packetNumber[slot];
        lostCause[slot] = (byte) cause.ordinal();
    }

    /// Why the chunk was declared lost last; meaningful once it was.
    ResendCause lostCause(long csn) {
        return ResentBytes.cause(lostCause[slot(csn)]);
    }

    /// The chunk travels again as a probe, as no loss: its acknowledgement tells nothing about an earlier loss.
    void onProbed(long csn) {
        lostLane[slot(csn)] = NO_LANE;
    }

    /// Lane on which the chunk was declared lost last, if its newest transmission followed from that; {@link
    /// #NO_LANE}
    /// when it was not, or travelled as a probe since.
    int lostLane(long csn) {
        return lostLane[slot(csn)];
    }

    /// Number, on that lane, of the packet that was declared lost with the chunk last.
    ///
    /// @param newest a later number of the lane, less than 2^32 away
    long lostPacketNumber(long csn, long newest) {
        return newest - (newest - lostNumber[slot(csn)] & 0xffff_ffffL);
    }

    /// Marks a chunk as acknowledged. The caller has seen that it was not.
    void onAcked(long csn) {
        final int slot = slot(csn);
        state[slot] = ACKED;
        acked[slot >>> 6] |= 1L << (slot & 63);
    }

    /// Finds the first chunk in [from, to) that is not acknowledged; {@code to} when there is none. Costs one step
    /// for 64
    /// acknowledged chunks.
    long nextUnacked(long from, long to) {
        long csn = Math.max(from, cumulativeCsn);
        while (csn < to) {
            final int slot = slot(csn);
            final long missing = ~acked[slot >>> 6] >>> (slot & 63);
            if (missing != 0) {
                return Math.min(to, csn + Long.numberOfTrailingZeros(missing));
            }
            csn += 64 - (slot & 63);
        }
        return to;
    }

    /// Moves the cumulative CSN over acknowledged chunks and lets go of their pieces.
    void advance() {
        while (cumulativeCsn < nextCsn && state[slot(cumulativeCsn)] == ACKED) {
            pieces[slot(cumulativeCsn)] = null;
            cumulativeCsn++;
        }
    }
}
