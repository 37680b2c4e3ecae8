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

import io.longhaul.core.wire.PacketFlyweight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Seals and opens the packets of one connection with an AEAD: frames are encrypted, frames and header authenticated.
///
/// It draws no random number and reads no clock: everything follows from the secret, the packet numbers and the times
/// that
/// the engine is told. Costs per packet what the JDK's cipher costs, and allocates what that allocates.
///
/// Threading: belongs to the engine to which it was given; one engine only.
public final class PacketSealer {
    private final SealingParameters parameters;
    private final SealingLimits limits;
    private final SealingScratch scratch;
    private @Nullable PacketKeys keys;
    private SealingLane[] sealing = {}; // [lane]
    private OpeningLane[] opening = {}; // [lane]
    private long nowNanos;
    private boolean spent;
    private boolean exhausted;
    private long lanesToProbe; // [bit: lane]
    private long forgedPackets;
    private long replayedPackets;
    private int openedBytes;

    /// Creates the sealer of one connection.
    ///
    /// @param scratch memory of the thread that serves it
    public PacketSealer(SealingParameters parameters, SealingLimits limits, SealingScratch scratch) {
        this.parameters = parameters;
        this.limits = limits;
        this.scratch = scratch;
    }

    /// Is called by the engine that it was given to.
    ///
    /// @throws IllegalStateException when it has served another engine, which would use its nonces again
    void attach(EngineConfig config, SendLane[] lanes, LongSupplier probeTimeoutNanos, long attachedNanos) {
        if (sealing.length > 0) {
            throw new IllegalStateException("a sealer serves one engine: nonces would be used twice");
        }
        if (scratch.maxPacketBytes() < config.maxPacketBytes()) {
            throw new IllegalStateException("the scratch memory holds packets of " + scratch.maxPacketBytes()
                    + " bytes, the connection has " + config.maxPacketBytes());
        }
        final PacketKeys derived = new PacketKeys(parameters);
        Arrays.fill(parameters.secret(), (byte) 0);
        keys = derived;
        final boolean client = parameters.isClient();
        nowNanos = attachedNanos;
        sealing = new SealingLane[config.lanes()];
        opening = new OpeningLane[config.lanes()];
        for (int i = 0; i < sealing.length; i++) {
            sealing[i] = new SealingLane(derived, client, limits, lanes[i], probeTimeoutNanos, attachedNanos);
            opening[i] = new OpeningLane(derived, !client, i, probeTimeoutNanos);
        }
    }

    /// Overwrites the secret and all keys: the connection has ended, nothing is sealed or opened any more.
    void erase() {
        if (keys != null) {
            keys.erase();
        }
        for (int i = 0; i < sealing.length; i++) {
            sealing[i].erase();
            opening[i].erase();
        }
    }

    // ---- sending ----

    /// Sets the time of the packets that are sealed from now on.
    void now(long value) {
        nowNanos = value;
    }

    /// Where the next packet is written: room for its header, then the frames.
    MemorySegment outbound() {
        return scratch.outboundSegment;
    }

    /// Seals the packet in {@link #outbound} and copies it to where it leaves from.
    ///
    /// @param length header and frames, bytes; {@link PacketFlyweight#TAG_BYTES} more are written
    void seal(long connectionId, int lane, long number, int length, MemorySegment target, long offset) {
        final SealingLane sealer = sealing[lane];
        sealer.seal(nowNanos, connectionId, number, scratch, length);
        MemorySegment.copy(
                scratch.outbound, 0, target, ValueLayout.JAVA_BYTE, offset, length + PacketFlyweight.TAG_BYTES);
        spent |= sealer.isSpent();
        exhausted |= sealer.isExhausted();
        lanesToProbe |= sealer.takeProbe() ? 1L << lane : 0;
    }

    /// True when the connection must end because the peer confirms no new key.
    boolean isSpent() {
        return spent;
    }

    /// True when a key is used up: nothing may be sealed.
    boolean isExhausted() {
        return exhausted;
    }

    /// True when a lane wants to be probed, so that the peer reports it.
    boolean hasLaneToProbe() {
        return lanesToProbe != 0;
    }

    /// Takes the next lane that wants to be probed.
    int takeLaneToProbe() {
        final int lane = Long.numberOfTrailingZeros(lanesToProbe);
        lanesToProbe &= ~(1L << lane);
        return lane;
    }

    // ---- receiving ----

    /// Authenticates and opens a packet whose connection id, version, lane and number were checked. When it is
    /// refused,
    /// nothing has changed but a count.
    ///
    /// @param wantedPackets replay window that is wanted
    /// @return true when {@link #opened} holds its header's length and then its frames
    boolean open(long atNanos, MemorySegment segment, long offset, int length, int wantedPackets) {
        openedBytes = 0;
        if (length < PacketFlyweight.MIN_SEALED_BYTES || length > scratch.inbound.length || isForgeryLimitReached()) {
            return false;
        }
        final OpeningLane lane = opening[PacketFlyweight.lane(segment, offset)];
        final long number = PacketFlyweight.packetNumber(segment, offset);
        final int place = lane.find(
                atNanos, PacketFlyweight.incarnation(segment, offset), PacketFlyweight.keyEpoch(segment, offset));
        if (place < 0) {
            return false;
        }
        if (!lane.isNew(number)) {
            replayedPackets++;
            return false;
        }
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, scratch.inbound, 0, length);
        if (!lane.open(place, number, scratch, length)) {
            forgedPackets++;
            return false;
        }
        lane.onAuthentic(atNanos, place, number, wantedPackets);
        openedBytes = length - PacketFlyweight.TAG_BYTES;
        return true;
    }

    /// The packet that was opened last: room of a header, then its frames.
    MemorySegment opened() {
        return scratch.openedSegment;
    }

    /// Where its frames end.
    int openedBytes() {
        return openedBytes;
    }

    /// True when so many packets failed authentication that the connection must end; nothing is opened any more.
    boolean isForgeryLimitReached() {
        return forgedPackets >= limits.maxForgeries();
    }

    // ---- counters ----

    /// Packets that named a key and a new number, and failed authentication.
    long forgedPackets() {
        return forgedPackets;
    }

    /// Packets whose number was taken before, or is too old to know.
    long replayedPackets() {
        return replayedPackets;
    }

    /// Keys that this side has taken after the first of each lane.
    long keyUpdates() {
        long total = 0;
        for (final SealingLane lane : sealing) {
            total += lane.keyUpdates();
        }
        return total;
    }
}
