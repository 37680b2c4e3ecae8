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
package io.longhaul.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.interop.PingpongRuns.Exchange;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The programs of rdma-core on one Soft-RoCE device exchange messages with the command on another.
@Tag("guest")
@Timeout(300)
class VerbsPingpongInteropTest {
    private static final String DEVICE = "rxe_b";

    private final PingpongRuns runs = new PingpongRuns("Soft-RoCE", List.of("--device", DEVICE), work -> {
        final FutureTask<Integer> task = new FutureTask<>(work);
        Thread.ofPlatform().daemon().start(task);
        return task;
    });

    @ParameterizedTest
    @CsvSource({
        "uc, 4096, 10.77.0.1, 10.77.0.2",
        "ud, 1024, 10.77.0.1, 10.77.0.2",
        "uc, 5000, fd77::1, fd77::2",
        "ud, 9, fd77::1, fd77::2"
    })
    void exchangesMessages(String service, int size, String peerAddress, String ownAddress) throws Exception {
        final Exchange exchange = new Exchange(service, size, InetAddress.ofLiteral(peerAddress));
        final String index = PingpongRuns.gidIndex(DEVICE, InetAddress.ofLiteral(ownAddress));
        final InteropRow client = runs.asClient(exchange, "--gid-index", index, "--events");
        assertTrue(client.works(), client.result());
        final InteropRow server = runs.asServer(exchange, "--gid-index", index);
        assertTrue(server.works(), server.result());
    }
}
