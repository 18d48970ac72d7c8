package dev.mailbell.mail.imap.protocol;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** Keeps the {@link IOException} that a {@link PrintStream} discards. */
final class StreamFaults extends FilterOutputStream {
    private @Nullable IOException fault;

    StreamFaults(OutputStream out) {
        super(out);
    }

    void check() throws IOException {
        if (fault != null) {
            throw fault;
        }
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
        try {
            out.write(octets, offset, length);
        } catch (IOException e) {
            fault = e;
            throw e;
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (IOException e) {
            fault = e;
            throw e;
        }
    }
}
