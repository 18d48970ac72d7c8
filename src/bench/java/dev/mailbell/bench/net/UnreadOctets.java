package dev.mailbell.bench.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the octets of a stream that could not be consumed yet; allocates nothing while there are
 * none.
 */
final class UnreadOctets {
    private static final int LIMIT = 4 << 20;

    private @Nullable ByteBuffer kept;

    /** The kept octets followed by fresh ones. */
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
