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
package io.longhaul.sim;

import io.longhaul.core.EngineConfig;
import io.longhaul.core.FecConfig;
import io.longhaul.core.PacketSealer;
import io.longhaul.core.SealingParameters;
import io.longhaul.core.SealingScratch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Makes the ends of a pair from its settings.
final class SideFactory {
    private SideFactory() {}

    static Side create(Pair.Settings settings, boolean isClient, long trueNanos) {
        return new Side(
                engine(settings, isClient),
                settings.congestion,
                memory(settings, isClient),
                sealer(settings, isClient),
                isClient ? settings.clientClock : settings.serverClock,
                trueNanos);
    }

    private static @Nullable PacketSealer sealer(Pair.Settings settings, boolean isClient) {
        if (settings.sealing == null) {
            return null;
        }
        final byte[] secret = new byte[SealingParameters.SECRET_BYTES];
        Arrays.fill(secret, (byte) settings.seed);
        return new PacketSealer(
                new SealingParameters(SealingParameters.Suite.AES_128_GCM, secret, isClient),
                settings.sealing,
                new SealingScratch(settings.ipBytes));
    }

    private static @Nullable SimulatedMemory memory(Pair.Settings settings, boolean isClient) {
        return settings.placementLanes == 0
                ? null
                : new SimulatedMemory(
                        settings.placementLanes,
                        settings.ipBytes,
                        settings.seed + (isClient ? 5 : 6),
                        settings.forgetfulMemory);
    }

    private static EngineConfig engine(Pair.Settings settings, boolean isClient) {
        final EngineConfig.PeerLimits peer = new EngineConfig.PeerLimits(
                Math.min(8L << 20, settings.maxMemoryBytes), settings.maxMemoryBytes, 1 << 20, 1 << 18, 1024);
        return new EngineConfig(
                isClient,
                isClient ? 0xC11E57L : 0x5E27E2L,
                isClient ? 0x5E27E2L : 0xC11E57L,
                settings.lanes,
                (settings.ipBytes - Pair.LOWER_HEADER_BYTES) & ~3,
                Math.min(1280, settings.ipBytes) - Pair.LOWER_HEADER_BYTES,
                Pair.LOWER_HEADER_BYTES,
                1_000_000,
                settings.rateHintBitsPerSecond / 8,
                settings.idleTimeoutNanos,
                settings.idleTimeoutNanos / 4,
                settings.operationTimeoutNanos,
                settings.maxMemoryBytes,
                peer.messageCreditBytes(),
                1 << 20,
                1 << 18,
                settings.maxWindowChunks,
                1 << 16,
                1024,
                1024,
                peer,
                FecConfig.of(settings.fec),
                settings.seed + (isClient ? 0 : 77));
    }
}
