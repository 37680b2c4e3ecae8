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

import io.longhaul.ConfigurationException;
import java.util.concurrent.TimeUnit;

/// How much may be sealed under one key of a lane, and how many forgeries a connection bears.
///
/// The arithmetic, with packets of at most 65,000 bytes, which are 2^12 blocks of 16:
///
/// - Confidentiality of AES-GCM: an attacker's advantage is at most (blocks sealed)^2 / 2^129
///   (draft-irtf-cfrg-aead-limits §5.1.1). 2^24 such packets are 2^36 blocks: 2^-57. Packets of 9,000 bytes: 2^-62.
/// - Integrity of AES-GCM: 2 x forgeries x (blocks of a packet + 1) / 2^128; 2^36 forgeries: 2^-79.
/// - Integrity of ChaCha20-Poly1305: forgeries x (blocks of a packet + 1) / 2^103; 2^36 forgeries of 16 KiB: 2^-57, of
///   65,000 bytes: 2^-55. RFC 9147 §4.5.3 names 2^36 for all three ciphers.
///
/// At the soft limits the sender goes on to the next key, as soon as the peer has confirmed the present one. At the
/// hard
/// limits, which only a peer that confirms nothing can bring about, the connection ends.
///
/// @param softPackets packets under one key after which the next one is due
/// @param hardPackets packets that are never exceeded, at least {@value #CLOSE_RESERVE} more than the soft limit
/// @param softBytes bytes under one key after which the next one is due
/// @param hardBytes bytes under one key at which the connection ends: what says so is all that still follows
/// @param maxAgeNanos time after which the next key is due
/// @param maxForgeries packets that failed authentication, over the life of the connection, at which it ends
public record SealingLimits(
        long softPackets, long hardPackets, long softBytes, long hardBytes, long maxAgeNanos, long maxForgeries) {
    /// Packets below the hard limit that are kept for saying that the connection ends.
    public static final int CLOSE_RESERVE = 64;

    /// 2^23 and 2^24 packets, 2^36 and 2^37 bytes, one hour, 2^36 forgeries.
    //= RFC 9001 §6.6
    //= RFC 9147 §4.5.3
    public static final SealingLimits DEFAULT =
            new SealingLimits(1 << 23, 1 << 24, 1L << 36, 1L << 37, TimeUnit.HOURS.toNanos(1), 1L << 36);

    /// Checks each value and the relations.
    public SealingLimits {
        check(softPackets >= 1, "softPackets", softPackets, "1 and more");
        check(
                hardPackets >= softPackets + CLOSE_RESERVE,
                "hardPackets",
                hardPackets,
                CLOSE_RESERVE + " more than softPackets=" + softPackets);
        check(softBytes >= 1, "softBytes", softBytes, "1 and more");
        check(hardBytes >= softBytes, "hardBytes", hardBytes, "softBytes=" + softBytes + " and more");
        check(maxAgeNanos >= 1, "maxAgeNanos", maxAgeNanos, "1 and more");
        check(maxForgeries >= 1, "maxForgeries", maxForgeries, "1 and more");
    }

    private static void check(boolean valid, String name, long value, String range) {
        if (!valid) {
            throw new ConfigurationException(name + "=" + value + " is out of range: " + range);
        }
    }
}
