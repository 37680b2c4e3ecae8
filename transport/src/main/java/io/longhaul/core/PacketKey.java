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

import io.longhaul.core.SealingParameters.Suite;
import java.security.spec.AlgorithmParameterSpec;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;

/// One key: of a direction, a lane, an incarnation of the lane, and an epoch.
final class PacketKey {
    /// Bytes of a nonce.
    static final int NONCE_BYTES = 12;

    private static final int TAG_BITS = 128;
    private static final int BYTE_MASK = 0xff;

    /// How often the lane had died before, in full.
    final long incarnation;

    /// Which key of that incarnation, in full.
    final long epoch;

    /// The key itself.
    final ErasableKey key;

    private final boolean gcm;
    private final byte[] iv;
    private final byte[] nonce = new byte[NONCE_BYTES];

    /// @param material key and initial vector, one behind the other; copied
    PacketKey(Suite suite, long incarnation, long epoch, byte[] material) {
        this.incarnation = incarnation;
        this.epoch = epoch;
        gcm = suite != Suite.CHACHA20_POLY1305;
        key = new ErasableKey(material, 0, suite.keyBytes(), gcm ? "AES" : "ChaCha20");
        iv = java.util.Arrays.copyOfRange(material, suite.keyBytes(), suite.keyBytes() + NONCE_BYTES);
    }

    /// Overwrites it: nothing is sealed or opened under it any more.
    void erase() {
        key.destroy();
        java.util.Arrays.fill(iv, (byte) 0);
        java.util.Arrays.fill(nonce, (byte) 0);
    }

    /// True when a header names this key by the low bytes of its numbers.
    boolean isNamed(int incarnationByte, int epochByte) {
        return ((int) incarnation & BYTE_MASK) == incarnationByte && ((int) epoch & BYTE_MASK) == epochByte;
    }

    /// Nonce of a packet: its number, padded to the left, XOR the initial vector.
    //= RFC 9001 §5.3
    AlgorithmParameterSpec nonce(long packetNumber) {
        final int padding = NONCE_BYTES - Long.BYTES;
        for (int i = 0; i < NONCE_BYTES; i++) {
            final int shift = (NONCE_BYTES - 1 - i) * Byte.SIZE;
            nonce[i] = i < padding ? iv[i] : (byte) (iv[i] ^ packetNumber >>> shift);
        }
        return gcm ? new GCMParameterSpec(TAG_BITS, nonce) : new IvParameterSpec(nonce);
    }
}
