package dev.mailbell.bench.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Keeps what could not be used yet of a stream's octets, and nothing while all could be. */
final class Carry {
    private static final int LIMIT = 4 << 20;

    private @Nullable ByteBuffer kept;

    /** What was kept, followed by what is fresh. */
    ByteBuffer with(ByteBuffer fresh) {
        if (kept == null) {
            return fresh;
        }
        ByteBuffer both = ByteBuffer.allocate(kept.remaining() + fresh.remaining());
        both.put(kept).put(fresh).flip();
        kept = null;
        return both;
    }

    void keep(ByteBuffer rest) throws IOException {
        if (!rest.hasRemaining()) {
            return;
        }
        if (rest.remaining() > LIMIT) {
            throw new IOException("more than " + LIMIT + " octets that make no sense");
        }
        kept = ByteBuffer.allocate(rest.remaining()).put(rest).flip();
    }
}
