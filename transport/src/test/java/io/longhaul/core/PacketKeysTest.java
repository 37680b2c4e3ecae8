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

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longhaul.core.SealingParameters.Suite;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Keys and packets against values that another implementation computed: pyca/cryptography 48 (OpenSSL), HKDFExpand
/// with
/// SHA-256, AESGCM and ChaCha20Poly1305, from the description in docs/wire-format.md. The secret is 20, 21 .. 3f.
class PacketKeysTest {
    private static final HexFormat HEX = HexFormat.of();

    private static byte[] iv(PacketKey key) {
        return key.nonce(0) instanceof GCMParameterSpec gcm ? gcm.getIV() : ((IvParameterSpec) key.nonce(0)).getIV();
    }

    @ParameterizedTest
    @CsvSource({
        "AES_128_GCM, 9cb6f39b9b954970753563acb8a74723, 3ff7ea54f6ffd3adc3e09dc5",
        "AES_256_GCM, 251ce0ac6a33a6cc3b6b015b668d034420a27580f93d102a3eb9262cdfc41ebb, bcb724f66f1340557ebfcc2a",
        "CHACHA20_POLY1305, 59ae491506ad72185ccf49cbca35299700118008e5619ba57dc6cb6267e66d7f, 174a61d52d3ae6db314aebd1"
    })
    void theFirstKeyOfTheServersLane5IsThatOfTheVector(Suite suite, String key, String iv) {
        final PacketKeys keys = new PacketKeys(new SealingParameters(suite, SealedEnds.secret(), false));
        final PacketKey derived = keys.derive(false, 5, 0, 0);
        assertEquals(key, HEX.formatHex(derived.key.getEncoded()));
        assertEquals(iv, HEX.formatHex(iv(derived)));
    }

    @ParameterizedTest
    @CsvSource({
        "AES_128_GCM, 4e09366d0f6839957edc68ca6999b46d, 8e2cced9785568d258c479a6",
        "AES_256_GCM, 76ba0b6fed317d170728a2e720341d3789ec0bfcacc84834726e7f0c109c74be, 83d20ff6b66f86ffb078c0c1",
        "CHACHA20_POLY1305, fae4e34b070d3450e8ef3dd970ac7959be9dc250062322fca1d9fa14676ca81a, ad75efd3799673bc98824d79"
    })
    void incarnationAndEpochGoInInFull(Suite suite, String key, String iv) {
        final PacketKeys keys = new PacketKeys(new SealingParameters(suite, SealedEnds.secret(), true));
        final PacketKey derived = keys.derive(true, 63, 258, 0x1_0000_0003L);
        assertEquals(key, HEX.formatHex(derived.key.getEncoded()));
        assertEquals(iv, HEX.formatHex(iv(derived)));
    }

    @ParameterizedTest
    @CsvSource({
        "AES_128_GCM, b5597f5a914ad075a989ac67a3010d15ba9de2d05b1a0e3d0a3fab83fc14a7897560ccf8",
        "AES_256_GCM, d081cf8140de4ca78b5601a57637befd42e7e3f0391fe08e2f4dee9567025c4732b31aee",
        "CHACHA20_POLY1305, 0a5ea45a819dacbf3e4cdc33401312ae3d6540f38c1aa2ae102a8c2d7317d771d81c8b58"
    })
    void aPacketIsThatOfTheVector(Suite suite, String sealed) {
        final SealedEnds ends = new SealedEnds(suite, SealingLimits.DEFAULT);
        final byte[] packet = ends.seal(ends.server, 0x5E55_101D_CAFE_0001L, 5, 0x0102_0304_0506_0708L);
        assertArrayEquals(HEX.parseHex("5e55101dcafe0001" + "01000500" + "0102030405060708" + sealed), packet);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void noTwoKeysAreEqual(Suite suite) {
        final PacketKeys keys = new PacketKeys(new SealingParameters(suite, SealedEnds.secret(), true));
        final Set<String> seen = new HashSet<>();
        int derived = 0;
        for (int direction = 0; direction < 2; direction++) {
            for (int lane = 0; lane < 64; lane += 21) {
                for (long incarnation = 0; incarnation < 512; incarnation += 256) {
                    for (long epoch = 0; epoch < 512; epoch += 128) {
                        final PacketKey key = keys.derive(direction == 0, lane, incarnation, epoch);
                        seen.add(HEX.formatHex(key.key.getEncoded()));
                        seen.add(HEX.formatHex(iv(key)));
                        derived++;
                    }
                }
            }
        }
        assertEquals(2 * derived, seen.size());
    }
}
