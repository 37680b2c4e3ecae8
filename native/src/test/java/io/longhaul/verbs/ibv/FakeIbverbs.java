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

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longhaul.verbs.CompilerProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The library of `src/test/c/fake_ibverbs.c`, compiled once, and its controls. Where there is no C compiler, or no
/// header of
/// rdma-core, tests that use it are skipped with the reason.
final class FakeIbverbs {
    private static final Path SOURCE = Path.of("src", "test", "c", "fake_ibverbs.c");
    private static final Path MODULE = Path.of("native");
    private static final int LIMIT_SECONDS = 60;
    private static final Built BUILT = build();

    /// What is wrong with the library, in the order of `enum fault` in C.
    enum Fault {
        NONE,
        NO_KERNEL,
        NO_DEVICE,
        NO_PERMISSION,
        ABI_COMPAT,
        SMALL_EXTENSION,
        HUGE_EXTENSION,
        NULL_POLL_CQ,
        DATA_POST_SEND,
        OTHER_DEVICE,
        BAD_FD,
        PORT_DOWN,
        NO_GID,
        INFINIBAND,
        NO_MEMLOCK,
        QP_CONTEXT,
        CQ_CONTEXT,
        NO_QUERY_PORT
    }

    private record Built(@Nullable Path library, String reason) {}

    private final Path library;
    private final MethodHandle fault;
    private final MethodHandle failPost;
    private final MethodHandle failPoll;
    private final MethodHandle complete;
    private final MethodHandle asyncEvent;
    private final MethodHandle live;

    private FakeIbverbs(Path library) {
        this.library = library;
        SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
        FunctionDescriptor oneInt = FunctionDescriptor.ofVoid(JAVA_INT);
        fault = find(lookup, "fake_fault", oneInt);
        failPost = find(lookup, "fake_fail_post", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT));
        failPoll = find(lookup, "fake_fail_poll", oneInt);
        complete =
                find(lookup, "fake_complete", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
        asyncEvent = find(lookup, "fake_async_event", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        live = find(lookup, "fake_live", FunctionDescriptor.of(JAVA_INT));
        call(find(lookup, "fake_reset", FunctionDescriptor.ofVoid()));
    }

    private static MethodHandle find(SymbolLookup lookup, String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(lookup.findOrThrow(name), descriptor);
    }

    private static @Nullable Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// The library with nothing wrong; skips the test where it cannot be built.
    static FakeIbverbs loaded() {
        Path path = BUILT.library();
        assumeTrue(path != null, BUILT.reason());
        return new FakeIbverbs(path);
    }

    /// A provider of the one device, `fake0`.
    IbvDeviceProvider provider() {
        return new IbvDeviceProvider(IbvDeviceConfig.DEFAULT.withLibraryName(library.toString()));
    }

    /// Opens it.
    IbvDevice open() {
        return provider().open("fake0");
    }

    /// Sets what is wrong from now on.
    void fault(Fault which) {
        call(fault, which.ordinal());
    }

    /// Lets a post fail with an `errno` after some that succeed.
    void failPost(int after, int errno) {
        call(failPost, after, errno);
    }

    /// Lets polling return a negative number; 0 ends it.
    void failPoll(int result) {
        call(failPoll, result);
    }

    /// Puts a completion into the queue of a queue pair's sends.
    void complete(int queuePair, long id, int status, int vendorError) {
        call(complete, queuePair, id, status, vendorError);
    }

    /// Reports an event of a port.
    void asyncEvent(int type, int port) {
        call(asyncEvent, type, port);
    }

    /// How many objects of the library exist.
    int live() {
        Object count = call(live);
        return count instanceof Integer number ? number : -1;
    }

    private static Built build() {
        Optional<List<String>> compiler = CompilerProbe.compilerFor(System.getProperty("os.arch", ""));
        if (compiler.isEmpty()) {
            return new Built(null, "no C compiler on this machine");
        }
        try {
            Optional<String> reason = new CompilerProbe(compiler.get(), List.of("infiniband/verbs.h")).unavailable();
            if (reason.isPresent()) {
                return new Built(null, reason.get());
            }
            Path folder = Files.createTempDirectory("fake-verbs");
            folder.toFile().deleteOnExit();
            Path library = folder.resolve("libfake_ibverbs.so");
            library.toFile().deleteOnExit();
            compile(compiler.get(), library);
            return new Built(library, "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Built(null, "interrupted while compiling");
        }
    }

    /// Tests run in the folder of their module, or in that of the project.
    private static Path source() {
        return Files.exists(SOURCE) ? SOURCE : MODULE.resolve(SOURCE);
    }

    /// With warnings as errors: the struct members that the library uses are those of the header.
    private static void compile(List<String> compiler, Path library) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(compiler);
        command.addAll(
                List.of("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared", "-fvisibility=hidden"));
        command.addAll(List.of("-Wl,-Bsymbolic", "-o", library.toString(), source().toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError(String.join(" ", command) + " failed:\n" + text);
        }
    }
}
