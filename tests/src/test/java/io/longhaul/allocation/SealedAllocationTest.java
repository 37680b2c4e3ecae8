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
package io.longhaul.allocation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.longhaul.FecPolicy;
import io.longhaul.allocation.JoinedEngines.Load;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.core.SealingParameters.Suite;
import java.lang.management.ManagementFactory;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A sealed packet costs the engine what the JDK's cipher allocates, and nothing of its own.
@Timeout(120)
class SealedAllocationTest {
    private static final int PACKETS = 100_000;
    private static final int PACKET_BYTES = 1448;
    private static final int HEADER_BYTES = 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void aSealedPacketAllocatesWhatTheCipherOfTheJdkAllocates() throws GeneralSecurityException {
        final double cipherBytes = bytesOfTheCipher();
        try (JoinedEngines engines =
                new JoinedEngines(new BbrFactory(), 1, Load.WRITE, 4L << 20, 0, FecPolicy.OFF, Suite.AES_128_GCM)) {
            engines.exchange(PACKETS);
            final long packetsBefore = engines.sentPackets();
            final long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
            engines.exchange(PACKETS);
            final double bytes = THREADS.getCurrentThreadAllocatedBytes() - bytesBefore;
            final double each = bytes / (engines.sentPackets() - packetsBefore);
            assertTrue(
                    each <= 1.02 * cipherBytes + 1,
                    "a packet allocates " + each + " bytes, the cipher alone " + cipherBytes);
        }
    }

    // Bytes for one packet, sealed and opened by the JDK alone.
    private static double bytesOfTheCipher() throws GeneralSecurityException {
        final Cipher sealing = Cipher.getInstance("AES/GCM/NoPadding");
        final Cipher opening = Cipher.getInstance("AES/GCM/NoPadding");
        final SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        final byte[] packet = new byte[PACKET_BYTES + 64];
        final byte[] opened = new byte[PACKET_BYTES + 64];
        final byte[] nonce = new byte[12];
        long bytesBefore = 0;
        for (int i = 0; i < 2 * PACKETS; i++) {
            if (i == PACKETS) {
                bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
            }
            nonce[0] = (byte) i;
            nonce[1] = (byte) (i >> 8);
            nonce[2] = (byte) (i >> 16);
            sealing.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce));
            sealing.updateAAD(packet, 0, HEADER_BYTES);
            final int bytes =
                    sealing.doFinal(packet, HEADER_BYTES, PACKET_BYTES - HEADER_BYTES - 16, packet, HEADER_BYTES);
            opening.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, nonce));
            opening.updateAAD(packet, 0, HEADER_BYTES);
            opening.doFinal(packet, HEADER_BYTES, bytes, opened, HEADER_BYTES);
        }
        return (double) (THREADS.getCurrentThreadAllocatedBytes() - bytesBefore) / PACKETS;
    }
}
