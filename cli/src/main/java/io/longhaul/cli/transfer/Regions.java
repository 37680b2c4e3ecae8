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
package io.longhaul.cli.transfer;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.LonghaulException;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Looks up a region of the peer and waits for the answer.
public final class Regions {
    private Regions() {}

    /// Looks up a region.
    ///
    /// @throws RefusalException when the peer has none of that name, or does not answer in time
    /// @throws ConnectionException when the connection is lost
    public static RemoteRegion lookUp(Connection connection, String name, Duration timeout)
            throws RefusalException, InterruptedException {
        try {
            return connection.lookup(name).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new RefusalException(
                    RefusalCode.FAILED, "the peer did not answer within " + timeout.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OperationException failed) {
                if (failed.status() == OperationStatus.CONNECTION_LOST) {
                    throw new ConnectionException(ConnectionException.Reason.PEER_RESET, "the connection was lost", e);
                }
                throw new RefusalException(
                        RefusalCode.FAILED, "looking up the peer's memory: " + failed.getMessage(), e);
            }
            if (e.getCause() instanceof LonghaulException known) {
                throw known;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
