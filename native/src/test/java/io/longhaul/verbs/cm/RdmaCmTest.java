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
package io.longhaul.verbs.cm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider.Availability;
import java.lang.foreign.Arena;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// What can be said of connection management where there is no RDMA device.
class RdmaCmTest {
    @Test
    void missingLibraryIsAReasonAndNoException() {
        RdmaCm cm = new RdmaCm("librdmacm-of-nobody.so.1");
        Availability availability = cm.availability();
        assertFalse(availability.available());
        assertTrue(availability.reason().contains("librdmacm-of-nobody.so.1 cannot be loaded"), availability.reason());
        DeviceException e = assertThrows(DeviceException.class, cm::openEventChannel);
        assertTrue(String.valueOf(e.getMessage()).contains("install librdmacm1"), e.getMessage());
    }

    @Test
    void libraryOfAnotherInterfaceIsAReasonThatNamesWhatIsMissing() {
        Availability availability = new RdmaCm("libc.so.6").availability();
        assertFalse(availability.available());
        assertTrue(availability.reason().contains("rdma_init_qp_attr"), availability.reason());
        assertTrue(availability.reason().contains("install rdma-core 22 or newer"), availability.reason());
    }

    @Test
    void availabilityNeverThrowsAndAgreesWithOpening() {
        RdmaCm cm = new RdmaCm();
        Availability availability = cm.availability();
        if (availability.available()) {
            cm.openEventChannel().close();
        } else {
            assertFalse(availability.reason().isEmpty());
            DeviceException e = assertThrows(DeviceException.class, cm::openEventChannel);
            assertEquals("rdma_create_event_channel", e.function());
        }
    }

    @Test
    void ackTimeoutIsRoundedUpToAPowerOfTwo() {
        assertEquals(0, CmId.ackTimeoutExponent(Duration.ZERO));
        assertEquals(1, CmId.ackTimeoutExponent(Duration.ofNanos(1)));
        assertEquals(1, CmId.ackTimeoutExponent(Duration.ofNanos(8192)));
        assertEquals(2, CmId.ackTimeoutExponent(Duration.ofNanos(8193)));
        assertEquals(14, CmId.ackTimeoutExponent(Duration.ofMillis(67)));
        assertEquals(17, CmId.ackTimeoutExponent(Duration.ofMillis(400)));
        assertEquals(31, CmId.ackTimeoutExponent(CmId.MAX_ACK_TIMEOUT));
        assertThrows(IllegalArgumentException.class, () -> CmId.ackTimeoutExponent(CmId.MAX_ACK_TIMEOUT.plusNanos(1)));
        assertThrows(IllegalArgumentException.class, () -> CmId.ackTimeoutExponent(Duration.ofNanos(-1)));
    }

    @Test
    void parametersSurviveTheStruct() {
        ConnectionParameters parameters = ConnectionParameters.of(0xabcdef)
                .withPrivateData(new byte[] {1, 2, 3})
                .withReads(255, 16)
                .withRetries(6, 7)
                .withSharedReceiveQueue(true);
        try (Arena arena = Arena.ofConfined()) {
            ConnectionParameters read = ConnectionParameters.read(parameters.write(arena));
            assertEquals(parameters, read);
            assertEquals(parameters.hashCode(), read.hashCode());
            assertArrayEquals(new byte[] {1, 2, 3}, read.privateData());
            assertEquals(255, read.responderResources());
            assertEquals(16, read.initiatorDepth());
            assertEquals(6, read.retryCount());
            assertEquals(ConnectionParameters.RNR_RETRY_FOREVER, read.rnrRetryCount());
            assertTrue(read.sharedReceiveQueue());
            assertNotEquals(parameters, ConnectionParameters.of(0xabcdef));
        }
    }

    @Test
    void parametersOutOfRangeAreRefused() {
        ConnectionParameters parameters = ConnectionParameters.of(0);
        assertThrows(IllegalArgumentException.class, () -> ConnectionParameters.of(1 << 24));
        assertThrows(IllegalArgumentException.class, () -> parameters.withReads(256, 0));
        assertThrows(IllegalArgumentException.class, () -> parameters.withRetries(8, 0));
        assertThrows(IllegalArgumentException.class, () -> parameters.withPrivateData(new byte[256]));
    }

    @Test
    void unknownCodesHaveAName() {
        assertEquals(CmEventType.UNKNOWN, CmEventType.ofCode(16));
        assertEquals(CmEventType.UNKNOWN, CmEventType.ofCode(-1));
        assertEquals(CmEventType.TIMEWAIT_EXIT, CmEventType.ofCode(15));
        assertEquals(CmRejection.OTHER, CmRejection.ofStatus(2));
        assertEquals(CmRejection.STALE_CONNECTION, CmRejection.ofStatus(10));
    }
}
