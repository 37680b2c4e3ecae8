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
package io.longhaul.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// Says who runs the tests: the launcher, because they need the sources and Maven.
@Command(
        name = "test",
        mixinStandardHelpOptions = true,
        description = "Test everything that the project tests on this machine; the launcher of a source tree does it.")
final class TestCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        throw CommandFailure.usage(
                "the tests are run by the launcher of a source tree: ./longhaul test; they need the sources and Maven");
    }
}
