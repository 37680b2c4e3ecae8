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
import java.security.GeneralSecurityException;
import java.util.function.LongSupplier;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/// The sending side of one lane of a sealed connection: its present key, and when to take the next one.
///
/// A new key is taken at the soft limits (next epoch) and when the lane has died (next incarnation), but only after the
/// receiver has reported a packet under the present one. So it knows the present key, and has the two that may follow
/// ready.
/// Packet numbers never start again.
final class SealingLane {
    private final PacketKeys keys;
    private final boolean fromClient;
    private final SealingLimits limits;
    private final LongSupplier probeTimeoutNanos;
    private final SendLane lane;
    private @Nullable Cipher cipher; // made for the first packet
    private PacketKey key;
    private long packets;
    private long bytes;
    private long sinceNanos;
    private long firstNumber;
    private long lastNumber = -1;
    private int deaths;
    private long askedNanos;
    private boolean asked;
    private boolean probeWanted;
    private long keyUpdates;

    /// @param probeTimeoutNanos time after which a question that was not answered is repeated
    SealingLane(
            PacketKeys keys,
            boolean fromClient,
            SealingLimits limits,
            SendLane lane,
            LongSupplier probeTimeoutNanos,
            long nowNanos) {
        this.keys = keys;
        this.fromClient = fromClient;
        this.limits = limits;
        this.lane = lane;
        this.probeTimeoutNanos = probeTimeoutNanos;
        key = keys.derive(fromClient, lane.index, 0, 0);
        sinceNanos = nowNanos;
    }

    /// Keys taken after the first.
    long keyUpdates() {
        return keyUpdates;
    }

    /// True when the connection must end: the key is nearly used up, and the peer has not confirmed it.
    boolean isSpent() {
        return packets >= limits.hardPackets() - SealingLimits.CLOSE_RESERVE || bytes >= limits.hardBytes();
    }

    /// True when nothing more may be sealed.
    boolean isExhausted() {
        return packets >= limits.hardPackets();
    }

    /// True when the peer should be asked for a report of this lane; it is only said once.
    boolean takeProbe() {
        final boolean wanted = probeWanted;
        probeWanted = false;
        return wanted;
    }

    /// Seals the packet whose frames stand in the scratch array behind the place of the header.
    ///
    /// @param packet header, frames, and room for the tag
    /// @param length header and frames, bytes
    void seal(long nowNanos, long connectionId, long number, SealingScratch packet, int length) {
        if (number <= lastNumber) {
            throw new IllegalStateException(
                    "packet number " + number + " of lane " + lane.index + " was sealed before");
        }
        update(nowNanos, number);
        lastNumber = number;
        packets++;
        bytes += length;
        PacketFlyweight.putHeader(packet.outboundSegment, 0, connectionId, lane.index, number);
        PacketFlyweight.putKey(packet.outboundSegment, 0, (int) key.incarnation, (int) key.epoch);
        final byte[] array = packet.outbound;
        final int header = PacketFlyweight.HEADER_BYTES;
        try {
            final Cipher ready = cipher == null ? keys.cipher() : cipher;
            cipher = ready;
            ready.init(Cipher.ENCRYPT_MODE, key.key, key.nonce(number));
            ready.updateAAD(array, 0, header);
            ready.doFinal(array, header, length - header, array, header);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("the JDK refused to seal a packet", e);
        }
    }

    private void update(long nowNanos, long number) {
        final boolean confirmed = lane.newestReported >= firstNumber;
        if (lane.deaths != deaths) {
            deaths = lane.deaths;
            if (confirmed) {
                take(keys.derive(fromClient, lane.index, key.incarnation + 1, 0), nowNanos, number);
                return;
            }
        }
        if (packets < limits.softPackets()
                && bytes < limits.softBytes()
                && nowNanos - sinceNanos < limits.maxAgeNanos()) {
            return;
        }
        if (confirmed) {
            take(keys.derive(fromClient, lane.index, key.incarnation, key.epoch + 1), nowNanos, number);
        } else if (!asked || nowNanos - askedNanos >= probeTimeoutNanos.getAsLong()) {
            ask(nowNanos);
        }
    }

    /// Overwrites the key.
    void erase() {
        key.erase();
        cipher = null;
    }

    private void take(PacketKey next, long nowNanos, long number) {
        key.erase();
        key = next;
        packets = 0;
        bytes = 0;
        sinceNanos = nowNanos;
        firstNumber = number;
        keyUpdates++;
        ask(nowNanos);
    }

    // Acknowledgements are not acknowledged: a lane that carries nothing else is reported only when asked for.
    private void ask(long nowNanos) {
        asked = true;
        askedNanos = nowNanos;
        probeWanted = !lane.dead;
    }
}
