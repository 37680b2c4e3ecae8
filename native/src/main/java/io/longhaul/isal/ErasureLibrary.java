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
package io.longhaul.isal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The erasure code functions of ISA-L (`erasure_code.h`, `libisal.so.2`, Debian's package libisal2): GF(2^8),
/// polynomial
/// 0x11d. Both choose the best instructions of the processor by themselves.
///
/// Pointers are plain addresses: the caller keeps the memory alive. Nothing is looked up before [#unavailable()] is
/// asked
/// for the first time; while it names a reason, no other method may be called.
public final class ErasureLibrary {
    /// Bytes that [#ecInitTables] writes for each coefficient.
    public static final int TABLE_BYTES = 32;

    private static final String LIBRARY = "libisal.so.2";

    private ErasureLibrary() {}

    /// Why the library cannot be used here; empty when it can.
    public static Optional<String> unavailable() {
        if (ValueLayout.ADDRESS.byteSize() != Long.BYTES || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            return Optional.of("only 64-bit little-endian processors are supported");
        }
        return Optional.ofNullable(Handles.missing);
    }

    /// `ec_init_tables`: expands a matrix.
    ///
    /// @param columns source blocks
    /// @param rows blocks to compute
    /// @param matrix address of rows * columns coefficients, row by row
    /// @param tables address of 32 * rows * columns bytes that are written
    public static void ecInitTables(int columns, int rows, long matrix, long tables) {
        try {
            Handles.EC_INIT_TABLES.invokeExact(columns, rows, matrix, tables);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ec_encode_data`: computes blocks.
    ///
    /// @param bytes length of every block
    /// @param columns source blocks
    /// @param rows blocks to compute
    /// @param tables address of what [#ecInitTables] wrote
    /// @param sources address of an array of `columns` addresses
    /// @param results address of an array of `rows` addresses
    public static void ecEncodeData(int bytes, int columns, int rows, long tables, long sources, long results) {
        try {
            Handles.EC_ENCODE_DATA.invokeExact(bytes, columns, rows, tables, sources, results);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// The method handles, found when the first of them is needed.
    private static final class Handles {
        /// The first thing that could not be found, or null.
        private static @Nullable String missing;

        private static final @Nullable SymbolLookup SYMBOLS = open();

        private static final MethodHandle EC_INIT_TABLES =
                find("ec_init_tables", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle EC_ENCODE_DATA = find(
                "ec_encode_data",
                FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));

        private Handles() {}

        @SuppressWarnings("restricted")
        private static @Nullable SymbolLookup open() {
            try {
                return SymbolLookup.libraryLookup(LIBRARY, Arena.global());
            } catch (IllegalCallerException e) {
                note("native access is denied: start Java with --enable-native-access=io.longhaul.verbs,"
                        + " or ALL-UNNAMED on the class path");
            } catch (IllegalArgumentException e) {
                note(LIBRARY + " is not installed; on Debian and Ubuntu it is in the package libisal2");
            }
            return null;
        }

        /// Finds a function; what is missing is noted, and its handle throws when it is called after all.
        @SuppressWarnings("restricted")
        private static MethodHandle find(String name, FunctionDescriptor descriptor) {
            SymbolLookup symbols = SYMBOLS;
            if (symbols != null) {
                Optional<MemorySegment> symbol = symbols.find(name);
                if (symbol.isPresent()) {
                    return Linker.nativeLinker().downcallHandle(symbol.get(), descriptor);
                }
                note(LIBRARY + " has no function " + name);
            }
            return MethodHandles.throwException(void.class, UnsupportedOperationException.class);
        }

        private static void note(String reason) {
            if (missing == null) {
                missing = reason;
            }
        }
    }
}
