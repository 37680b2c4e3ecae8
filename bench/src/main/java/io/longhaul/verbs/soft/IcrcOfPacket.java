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
package io.longhaul.verbs.soft;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Opens the ICRC to the benchmark, for which the device has no other use.
public final class IcrcOfPacket {
    private static final int HEADER_BYTES = BthFlyweight.LENGTH_BYTES + DethFlyweight.LENGTH_BYTES;

    private final Icrc icrc;
    private final IcrcIdentification identification = new IcrcIdentification();
    private final MemorySegment packet;
    private final ByteBuffer buffer;

    /// Makes a UD packet.
    ///
    /// @param udpPayloadBytes its length, BTH to ICRC, a multiple of 4
    public IcrcOfPacket(Arena arena, int udpPayloadBytes) {
        icrc = new Icrc(arena, false);
        packet = arena.allocate(udpPayloadBytes, 64);
        for (long i = 0; i < udpPayloadBytes; i++) {
            packet.set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
        }
        buffer = packet.asByteBuffer();
    }

    /// The ICRC of the packet for identification 0, over all of its bytes.
    public int compute() {
        final int bytes = buffer.capacity();
        icrc.start(packet, 0, HEADER_BYTES, bytes);
        icrc.update(buffer.clear().position(HEADER_BYTES).limit(bytes - Icrc.LENGTH_BYTES));
        return icrc.finish();
    }

    /// What another identification changes.
    public int difference(int ipIdentification) {
        return identification.difference(ipIdentification, buffer.capacity());
    }
}
