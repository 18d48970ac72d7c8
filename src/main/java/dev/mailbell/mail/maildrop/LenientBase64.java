package dev.mailbell.mail.maildrop;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Decodes base64 as far as there is any: what is no letter of it is skipped, as RFC 2045 wants. */
final class LenientBase64 extends InputStream {
    private static final int BITS = 6;

    private final InputStream in;
    private int bits;
    private int available;
    private boolean ended;

    LenientBase64(InputStream in) {
        this.in = new BufferedInputStream(in);
    }

    @Override
    public int read() throws IOException {
        while (!ended) {
            int letter = in.read();
            int value = value(letter);
            if (letter < 0 || letter == '=') {
                // Padding ends the data; some senders begin anew behind it.
                ended = letter < 0;
                available = 0;
                continue;
            }
            if (value < 0) {
                continue;
            }
            bits = bits << BITS | value;
            available += BITS;
            if (available >= Byte.SIZE) {
                available -= Byte.SIZE;
                return bits >> available & 0xff;
            }
        }
        return -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = 0;
        while (count < length) {
            int octet = read();
            if (octet < 0) {
                return count == 0 ? -1 : count;
            }
            buffer[offset + count++] = (byte) octet;
        }
        return count;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private static int value(int letter) {
        if (letter >= 'A' && letter <= 'Z') {
            return letter - 'A';
        }
        if (letter >= 'a' && letter <= 'z') {
            return letter - 'a' + 26;
        }
        if (letter >= '0' && letter <= '9') {
            return letter - '0' + 52;
        }
        return switch (letter) {
            case '+', '-' -> 62;
            case '/', '_' -> 63;
            default -> -1;
        };
    }
}
