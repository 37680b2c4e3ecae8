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

/// What bootstrap hands to a connection whose packets are sealed: the cipher that both ends agreed on, and the
/// secret from which every packet key of the connection is derived. No parameters (null) mean: not sealed.
///
/// The secret is known to the two ends alone, is different for each connection, and is never written anywhere: the
/// text of this record leaves it out.
///
/// @param suite how packets are sealed
/// @param secret {@value #SECRET_BYTES} bytes from the TLS exporter (RFC 8446 §7.5), the same at both ends; owned
///     by this record; overwritten by the engine that takes it over
/// @param isClient true on the side that connected: its sending keys are the other side's receiving keys
@SuppressWarnings("ArrayRecordComponent") // nobody compares secrets, and a copy would be one more to forget
public record SealingParameters(Suite suite, byte[] secret, boolean isClient) {
    /// Bytes of the secret.
    public static final int SECRET_BYTES = 32;

    /// Ciphers of packets: all have a tag of 16 bytes and a nonce of 12 bytes.
    public enum Suite {
        /// AES-GCM with a key of 16 bytes (RFC 5116 §5.1).
        AES_128_GCM(16),
        /// AES-GCM with a key of 32 bytes (RFC 5116 §5.2).
        AES_256_GCM(32),
        /// ChaCha20-Poly1305, key of 32 bytes (RFC 8439 §2.8): for processors without AES.
        CHACHA20_POLY1305(32);

        private final int keyBytes;

        Suite(int keyBytes) {
            this.keyBytes = keyBytes;
        }

        /// Bytes of a key.
        public int keyBytes() {
            return keyBytes;
        }
    }

    /// Checks the length of the secret.
    public SealingParameters {
        if (secret.length != SECRET_BYTES) {
            throw new IllegalArgumentException("the secret has " + secret.length + " bytes, not " + SECRET_BYTES);
        }
    }

    @Override
    public String toString() {
        return "SealingParameters[suite=" + suite + ", isClient=" + isClient + ']';
    }
}
