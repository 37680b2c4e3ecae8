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
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/// The receiving side of one lane of a sealed connection: the keys under which packets are accepted now, and the
/// numbers
/// that were taken.
///
/// Keys are derived after a packet was authenticated, never before: the present one, the two that may follow it, and
/// the two
/// before it for a while. Whatever names another is refused after a look at five numbers.
final class OpeningLane {
    /// How long a key is accepted after its successor was seen, in probe timeouts.
    //= RFC 9001 §6.5
    static final int KEEP_TIMEOUTS = 3;

    private static final int PRESENT = 0;
    private static final int NEXT_EPOCH = 1;
    private static final int NEXT_INCARNATION = 2;
    private static final int FORMER = 3;
    private static final int BEFORE = 4;
    private static final int PLACES = 5;
    private static final int NONE = -1;

    private final PacketKeys keys;
    private final boolean fromClient;
    private final int lane;
    private final LongSupplier probeTimeoutNanos;
    private @Nullable Cipher cipher; // made for the first packet
    private final @Nullable PacketKey[] known = new @Nullable PacketKey[PLACES];
    private final long[] replacedNanos = new long[PLACES]; // [place], of FORMER and BEFORE
    private final ReplayWindow replay = new ReplayWindow();

    /// @param fromClient true when the peer is the client
    OpeningLane(PacketKeys keys, boolean fromClient, int lane, LongSupplier probeTimeoutNanos) {
        this.keys = keys;
        this.fromClient = fromClient;
        this.lane = lane;
        this.probeTimeoutNanos = probeTimeoutNanos;
        known[PRESENT] = keys.derive(fromClient, lane, 0, 0);
    }

    /// Place of the key that a header names, or -1 when there is none now.
    int find(long nowNanos, int incarnationByte, int epochByte) {
        for (int place = 0; place < PLACES; place++) {
            final PacketKey key = known[place];
            if (key != null && key.isNamed(incarnationByte, epochByte)) {
                return place < FORMER || isKept(nowNanos, place) ? place : NONE;
            }
        }
        return NONE;
    }

    private boolean isKept(long nowNanos, int place) {
        if (nowNanos - replacedNanos[place] <= KEEP_TIMEOUTS * probeTimeoutNanos.getAsLong()) {
            return true;
        }
        drop(place);
        return false;
    }

    private void drop(int place) {
        final PacketKey key = known[place];
        if (key != null) {
            key.erase();
            known[place] = null;
        }
    }

    /// Overwrites all keys.
    void erase() {
        for (int place = 0; place < PLACES; place++) {
            drop(place);
        }
        cipher = null;
    }

    /// True when a packet number may be taken.
    boolean isNew(long number) {
        return replay.isNew(number);
    }

    /// Opens the packet in the scratch array. Nothing has changed when it is not authentic.
    ///
    /// @param place what {@link #find} gave
    /// @param length header, frames and tag, bytes
    /// @return false when it is not authentic
    boolean open(int place, long number, SealingScratch packet, int length) {
        final PacketKey key = java.util.Objects.requireNonNull(known[place], "a key that was found");
        final int header = PacketFlyweight.HEADER_BYTES;
        try {
            final Cipher ready = cipher == null ? keys.cipher() : cipher;
            cipher = ready;
            ready.init(Cipher.DECRYPT_MODE, key.key, key.nonce(number));
            ready.updateAAD(packet.inbound, 0, header);
            ready.doFinal(packet.inbound, header, length - header, packet.opened, header);
            return true;
        } catch (AEADBadTagException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new AssertionError("the JDK refused to open a packet", e);
        }
    }

    /// A packet was authentic: its number is taken, and its key becomes the present one.
    ///
    /// @param wantedPackets replay window that is wanted
    void onAuthentic(long nowNanos, int place, long number, int wantedPackets) {
        replay.mark(number, wantedPackets);
        if (place == NEXT_EPOCH || place == NEXT_INCARNATION) {
            drop(BEFORE);
            known[BEFORE] = known[FORMER];
            replacedNanos[BEFORE] = replacedNanos[FORMER];
            known[FORMER] = known[PRESENT];
            replacedNanos[FORMER] = nowNanos;
            known[PRESENT] = known[place];
            known[place] = null;
            drop(NEXT_EPOCH);
        }
        final PacketKey present = java.util.Objects.requireNonNull(known[PRESENT], "there is always a present key");
        if (known[NEXT_EPOCH] == null) {
            known[NEXT_EPOCH] = keys.derive(fromClient, lane, present.incarnation, present.epoch + 1);
            final PacketKey after = known[NEXT_INCARNATION];
            if (after == null) {
                known[NEXT_INCARNATION] = keys.derive(fromClient, lane, present.incarnation + 1, 0);
            }
        }
    }
}
