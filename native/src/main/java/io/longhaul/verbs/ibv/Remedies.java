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
package io.longhaul.verbs.ibv;

import io.longhaul.linux.Errno;
import io.longhaul.verbs.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Makes exceptions of errors of libibverbs, with what would help.
final class Remedies {
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String LOCKED_MEMORY = "Max locked memory";

    private Remedies() {}

    /// An exception.
    ///
    /// @param verb the function in the spelling of C
    /// @param errno positive
    /// @param arguments what was tried: the values with units
    static DeviceException failure(String verb, int errno, String device, int port, String arguments) {
        return new DeviceException(
                DeviceException.Failure.of(verb, Errno.name(errno))
                        .at(device, port)
                        .withRemedy(remedy(verb, errno)),
                arguments);
    }

    private static String remedy(String verb, int errno) {
        return switch (errno) {
            case Errno.ENOMEM ->
                verb.startsWith("ibv_reg_mr")
                        ? "raise RLIMIT_MEMLOCK (now " + lockedMemoryLimit()
                                + "), for example with ulimit -l unlimited or LimitMEMLOCK=infinity of the service"
                        : "the device or the system has no more room for it: ask for less, or close what is not needed";
            case Errno.EACCES, Errno.EPERM ->
                "let this user read and write /dev/infiniband/uverbs*, and raise RLIMIT_MEMLOCK (now "
                        + lockedMemoryLimit() + ")";
            case Errno.EIO, Errno.ENODEV, Errno.ENXIO ->
                "the device was removed or has failed: close everything that was made from it, and open it again";
            case Errno.EMFILE -> "raise the limit of open files (ulimit -n)";
            case Errno.ENETUNREACH, Errno.EHOSTUNREACH, Errno.ETIMEDOUT, Errno.ENODATA ->
                "the peer's address cannot be resolved from this device: look at ip route get and ip neigh";
            case Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.EPROTONOSUPPORT -> "the device does not support it";
            case Errno.EBUSY -> "close first what still uses it";
            case Errno.EINVAL -> "the device does not take these values: compare them with ibv_devinfo -v";
            default -> "";
        };
    }

    /// `RLIMIT_MEMLOCK` of this process, for people.
    static String lockedMemoryLimit() {
        try {
            for (String line : Files.readAllLines(LIMITS)) {
                if (line.startsWith(LOCKED_MEMORY)) {
                    String soft = line.substring(LOCKED_MEMORY.length()).strip().split(" +", 2)[0];
                    return soft.equals("unlimited") ? soft : soft + " B";
                }
            }
        } catch (IOException e) {
            return "unknown";
        }
        return "unknown";
    }
}
