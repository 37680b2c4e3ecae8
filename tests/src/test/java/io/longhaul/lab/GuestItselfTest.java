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
package io.longhaul.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The guest is what the other tests take it for.
@Tag("guest")
@Timeout(60)
class GuestItselfTest {
    @Test
    void rdmaCoreSeesBothDevices() throws Exception {
        final String list = output("ibv_devinfo");
        assertTrue(list.contains("rxe_a") && list.contains("rxe_b"), list);
        assertEquals(2, list.split("PORT_ACTIVE", -1).length - 1, list);
    }

    @Test
    void bothDevicesHaveAnAddressOfEachFamily() throws Exception {
        for (String device : new String[] {"rxe_a", "rxe_b"}) {
            assertTrue(Integer.parseInt(output("bash", "-c", "wan_gid " + device)) > 0, device);
            assertTrue(Integer.parseInt(output("bash", "-c", "wan_gid " + device + " 6")) > 0, device);
        }
    }

    @Test
    void thePathBetweenTheHostsIsEmulated() throws Exception {
        output("bash", "-c", "wan_up --rtt 10ms --loss 50%");
        final String queues = output("bash", "-c", "wan_stat");
        assertEquals(2, queues.split("delay 5ms loss 50%", -1).length - 1, queues);
    }

    @Test
    void itIsAKernelOfItsOwn() throws IOException {
        assertTrue(Files.readString(Path.of("/proc/cmdline")).contains("console=ttyS0"));
        assertEquals("1", System.getenv("RXE_LAB"));
    }

    private static String output(String... command) throws IOException, InterruptedException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final String text = new String(process.getInputStream().readAllBytes()).strip();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), text);
        return text;
    }
}
