package dev.mailbell.mail.maildrop;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Ends where its source cannot be decoded any more; what was decoded counts. */
final class UntilFault extends FilterInputStream {
    private boolean ended;

    UntilFault(InputStream in) {
        super(in);
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
        if (ended) {
            return -1;
        }
        try {
            int count = in.read(buffer, offset, length);
            ended = count < 0;
            return count;
        } catch (IOException malformed) {
            ended = true;
            return -1;
        }
    }
}
