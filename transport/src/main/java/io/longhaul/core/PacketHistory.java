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

import java.util.Arrays;

/// What one lane has sent: a ring of packet records, indexed by packet number, from the oldest unresolved packet to the
/// newest.
///
/// A record is resolved once its packet is known to be acknowledged or lost. The ring doubles when it is full, so
/// nothing here
/// bounds the window: 10 Gb/s x 100 ms in packets of 300 bytes are 417,000 records of 74 bytes, 31 MB.
///
/// Records of resolved packets are held for acknowledgements that come late: at least the last 256 of the minute that
/// ends
/// when the next one is sent. An idle lane sends a packet every few seconds and stays with a few records.
///
/// Worked layout: [slot] = packetNumber & (length - 1), all arrays of the same length, a power of two.
final class PacketHistory {
    /// Not in use, or a packet that does not count towards the window (acknowledgement, probe).
    static final byte CONTROL = 0;
    /// Counts towards the bytes in flight.
    static final byte IN_FLIGHT = 1;
    /// Acknowledged.
    static final byte ACKED = 2;
    /// Declared lost, or overtaken by a newer transmission of the same chunks.
    static final byte LOST = 3;

    private static final int PART = -1;

    /// Below so many records the ring grows rather than forget a young packet.
    private static final int HELD_PACKETS = 256;

    /// Age at which a packet is no longer young. No acknowledgement is so late, but after a pause of a process.
    private static final long HELD_NANOS = 60_000_000_000L;

    private long[] firstCsn;
    private int[] chunkCount;
    private int[] remaining;
    private int[] bytes;
    private int[] missedBy;
    private byte[] state;
    private boolean[] appLimited;
    private long[] sentNanos;

    // What only packets that count towards the window have: empty before the first of them.
    private long[] delivered = {};
    private long[] deliveredNanos = {};
    private long[] firstSentNanos = {};
    private long[] inFlightAtSend = {};
    private long[] lostAtSend = {};

    private int mask;
    private long nextPacketNumber;
    private long oldestUnresolved;
    private long firstHeld;

    PacketHistory(int capacity) {
        assert Integer.bitCount(capacity) == 1 : "capacity is a power of two";
        mask = capacity - 1;
        firstCsn = new long[capacity];
        chunkCount = new int[capacity];
        remaining = new int[capacity];
        bytes = new int[capacity];
        missedBy = new int[capacity];
        state = new byte[capacity];
        appLimited = new boolean[capacity];
        sentNanos = new long[capacity];
    }

    /// Number that the next packet will get.
    long nextPacketNumber() {
        return nextPacketNumber;
    }

    /// Smallest number that is not resolved; {@link #nextPacketNumber} when all are.
    long oldestUnresolved() {
        while (oldestUnresolved < nextPacketNumber && state[slot(oldestUnresolved)] != IN_FLIGHT) {
            oldestUnresolved++;
        }
        return oldestUnresolved;
    }

    /// True when the record of a packet is still held.
    boolean holds(long packetNumber) {
        return packetNumber >= firstHeld
                && packetNumber < nextPacketNumber
                && nextPacketNumber - packetNumber <= mask + 1L;
    }

    /// Takes the next number for a packet that does not count towards the window.
    long addControl(long nowNanos, int packetBytes) {
        final int slot = claim(nowNanos);
        state[slot] = CONTROL;
        chunkCount[slot] = 0;
        remaining[slot] = 0;
        bytes[slot] = packetBytes;
        sentNanos[slot] = nowNanos;
        return nextPacketNumber++;
    }

    /// Takes the next number for a packet with chunks.
    long addData(long nowNanos, int packetBytes, long first, int count) {
        final int slot = claim(nowNanos);
        if (delivered.length == 0) {
            allocateForData();
        }
        state[slot] = IN_FLIGHT;
        firstCsn[slot] = first;
        chunkCount[slot] = count;
        remaining[slot] = count;
        bytes[slot] = packetBytes;
        missedBy[slot] = 0;
        sentNanos[slot] = nowNanos;
        return nextPacketNumber++;
    }

    private void allocateForData() {
        delivered = new long[mask + 1];
        deliveredNanos = new long[mask + 1];
        firstSentNanos = new long[mask + 1];
        inFlightAtSend = new long[mask + 1];
        lostAtSend = new long[mask + 1];
    }

    /// Takes the next number for a packet with a part of a chunk.
    long addPart(long nowNanos, int packetBytes, long csn) {
        final long packetNumber = addData(nowNanos, packetBytes, csn, 1);
        chunkCount[slot(packetNumber)] = PART;
        return packetNumber;
    }

    /// Takes the next number for a packet with parity or copies: it counts towards the window, but no chunk waits
    /// for it.
    long addParity(long nowNanos, int packetBytes) {
        return addData(nowNanos, packetBytes, 0, 0);
    }

    /// True for a packet in flight with parity or copies.
    boolean isParityInFlight(long packetNumber) {
        return state[slot(packetNumber)] == IN_FLIGHT && chunkCount[slot(packetNumber)] == 0;
    }

    /// True when the packet carries a part of its one chunk.
    boolean isPart(long packetNumber) {
        return chunkCount[slot(packetNumber)] == PART;
    }

    /// The packet that carried a chunk, on a lane whose packets carry one chunk each in the order of CSNs; -1 when
    /// its
    /// record is no longer held, or there was none.
    long find(long csn) {
        long low = oldestHeld();
        long high = nextPacketNumber - 1;
        while (low <= high) {
            final long middle = low + high >>> 1;
            final long found = firstCsn(middle);
            if (found == csn) {
                return middle;
            }
            if (found < csn) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    /// Keeps what the delivery rate estimator said when the packet was sent.
    void keepDelivery(long packetNumber, long deliveredBytes, long atNanos, long firstNanos, boolean limited) {
        final int slot = slot(packetNumber);
        delivered[slot] = deliveredBytes;
        deliveredNanos[slot] = atNanos;
        firstSentNanos[slot] = firstNanos;
        appLimited[slot] = limited;
    }

    /// Keeps the totals of the connection when the packet was sent.
    void keepTotals(long packetNumber, long bytesInFlight, long lostBytes) {
        final int slot = slot(packetNumber);
        inFlightAtSend[slot] = bytesInFlight;
        lostAtSend[slot] = lostBytes;
    }

    private int claim(long nowNanos) {
        if (nextPacketNumber - oldestUnresolved() > mask) {
            grow(mask + 1 < HELD_PACKETS ? oldestHeld() : oldestUnresolved);
        } else if (mask + 1 < HELD_PACKETS && wouldForgetYoung(nowNanos)) {
            grow(oldestHeld());
        }
        return slot(nextPacketNumber);
    }

    // The record in whose place the next one would come.
    private boolean wouldForgetYoung(long nowNanos) {
        final long packetNumber = nextPacketNumber - mask - 1L;
        return packetNumber >= firstHeld && nowNanos - sentNanos[slot(packetNumber)] < HELD_NANOS;
    }

    private long oldestHeld() {
        return Math.max(firstHeld, nextPacketNumber - mask - 1L);
    }

    private void grow(long firstKept) {
        final int length = (mask + 1) * 2;
        firstHeld = firstKept;
        firstCsn = moved(firstCsn, length);
        sentNanos = moved(sentNanos, length);
        delivered = moved(delivered, length);
        deliveredNanos = moved(deliveredNanos, length);
        firstSentNanos = moved(firstSentNanos, length);
        inFlightAtSend = moved(inFlightAtSend, length);
        lostAtSend = moved(lostAtSend, length);
        chunkCount = moved(chunkCount, length);
        remaining = moved(remaining, length);
        bytes = moved(bytes, length);
        missedBy = moved(missedBy, length);
        final byte[] states = Arrays.copyOf(state, length);
        final boolean[] limits = Arrays.copyOf(appLimited, length);
        for (long pn = firstHeld; pn < nextPacketNumber; pn++) {
            states[(int) (pn & length - 1)] = state[slot(pn)];
            limits[(int) (pn & length - 1)] = appLimited[slot(pn)];
        }
        state = states;
        appLimited = limits;
        mask = length - 1;
    }

    private long[] moved(long[] from, int length) {
        if (from.length == 0) {
            return from;
        }
        final long[] to = new long[length];
        for (long pn = firstHeld; pn < nextPacketNumber; pn++) {
            to[(int) (pn & length - 1)] = from[slot(pn)];
        }
        return to;
    }

    private int[] moved(int[] from, int length) {
        final int[] to = new int[length];
        for (long pn = firstHeld; pn < nextPacketNumber; pn++) {
            to[(int) (pn & length - 1)] = from[slot(pn)];
        }
        return to;
    }

    private int slot(long packetNumber) {
        return (int) (packetNumber & mask);
    }

    /// One more chunk of the packet was acknowledged.
    ///
    /// @return chunks still missing
    int onChunkAcked(long packetNumber) {
        return --remaining[slot(packetNumber)];
    }

    /// An acknowledgement called a packet in flight missing.
    ///
    /// @param packets by how many later ones it was overtaken, above 0
    void onMissed(long packetNumber, long packets) {
        missedBy[slot(packetNumber)] = (int) Math.min(packets, Integer.MAX_VALUE);
    }

    /// By how many packets it was overtaken when it was called missing last; 0 when it never was.
    int missedBy(long packetNumber) {
        return missedBy[slot(packetNumber)];
    }

    void resolve(long packetNumber, byte newState) {
        state[slot(packetNumber)] = newState;
    }

    byte state(long packetNumber) {
        return state[slot(packetNumber)];
    }

    long firstCsn(long packetNumber) {
        return firstCsn[slot(packetNumber)];
    }

    int chunkCount(long packetNumber) {
        return Math.abs(chunkCount[slot(packetNumber)]);
    }

    int bytes(long packetNumber) {
        return bytes[slot(packetNumber)];
    }

    long sentNanos(long packetNumber) {
        return sentNanos[slot(packetNumber)];
    }

    long delivered(long packetNumber) {
        return delivered[slot(packetNumber)];
    }

    long deliveredNanos(long packetNumber) {
        return deliveredNanos[slot(packetNumber)];
    }

    long firstSentNanos(long packetNumber) {
        return firstSentNanos[slot(packetNumber)];
    }

    long inFlightAtSend(long packetNumber) {
        return inFlightAtSend[slot(packetNumber)];
    }

    long lostAtSend(long packetNumber) {
        return lostAtSend[slot(packetNumber)];
    }

    boolean appLimited(long packetNumber) {
        return appLimited[slot(packetNumber)];
    }
}
