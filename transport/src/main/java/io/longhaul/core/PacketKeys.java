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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;

/// Derives the keys of a connection from its secret.
///
/// Key and initial vector are HKDF-Expand with SHA-256 (RFC 5869 §2.3) of the secret, which the TLS exporter has
/// already
/// extracted, and of
///
/// {@snippet lang=text :
/// "longhaul packet v1" | suite, 8 | direction, 8 | lane, 8 | incarnation, 64 | epoch, 64
/// }
///
/// Incarnation and epoch go in in full, so that no key returns when their bytes in the header start again at 0.
final class PacketKeys {
    private static final byte[] LABEL = "longhaul packet v1".getBytes(StandardCharsets.US_ASCII);
    private static final int INFO_BYTES = LABEL.length + 3 + 2 * Long.BYTES;

    private final Suite suite;
    private final ErasableKey secret;
    private final KDF kdf;

    PacketKeys(SealingParameters parameters) {
        suite = parameters.suite();
        secret = new ErasableKey(parameters.secret(), 0, SealingParameters.SECRET_BYTES, "HKDF");
        try {
            kdf = KDF.getInstance("HKDF-SHA256");
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every JDK 25 has HKDF-SHA256", e);
        }
    }

    /// Derives a key.
    ///
    /// @param fromClient direction: true for what the client sends
    PacketKey derive(boolean fromClient, int lane, long incarnation, long epoch) {
        final byte[] info = ByteBuffer.allocate(INFO_BYTES)
                .put(LABEL)
                .put((byte) (suite.ordinal() + 1))
                .put((byte) (fromClient ? 0 : 1))
                .put((byte) lane)
                .putLong(incarnation)
                .putLong(epoch)
                .array();
        try {
            final byte[] material = kdf.deriveData(
                    HKDFParameterSpec.expandOnly(secret, info, suite.keyBytes() + PacketKey.NONCE_BYTES));
            final PacketKey key = new PacketKey(suite, incarnation, epoch, material);
            Arrays.fill(material, (byte) 0);
            return key;
        } catch (GeneralSecurityException e) {
            throw new AssertionError("HKDF-Expand takes these arguments", e);
        }
    }

    /// Overwrites the secret: no key can be derived any more.
    void erase() {
        secret.destroy();
    }

    /// A cipher of the suite, for one lane and direction.
    Cipher cipher() {
        final String name = suite == Suite.CHACHA20_POLY1305 ? "ChaCha20-Poly1305" : "AES/GCM/NoPadding";
        try {
            return Cipher.getInstance(name);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every JDK 25 has " + name, e);
        }
    }
}
