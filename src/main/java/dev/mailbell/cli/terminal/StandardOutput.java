package dev.mailbell.cli.terminal;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Standard output whose failures end the command, where a {@code PrintWriter} alone would go on
 * without a word and exit with 0 after a disk was full.
 */
public final class StandardOutput extends OutputStream {
    /** As a shell reports a process that SIGPIPE ended, because its reader closed the pipe. */
    private static final int BROKEN_PIPE = 141;

    private final FileOutputStream out;

    public StandardOutput(FileOutputStream out) {
        this.out = out;
    }

    /** Nothing more can be printed. */
    public static final class FailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private FailedException(IOException cause) {
            super("the output cannot be written: " + cause.getMessage(), cause);
        }
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            if ("Broken pipe".equals(e.getMessage())) {
                Runtime.getRuntime().halt(BROKEN_PIPE);
            }
            throw new FailedException(e);
        }
    }
}
