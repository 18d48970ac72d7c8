package dev.mailbell.cli.emailengine;

import dev.mailbell.cli.emailengine.Converted.Carried;

/** Where carried accounts go. */
public interface Destination extends AutoCloseable {

    /** Takes what became of each account, in their order. */
    interface Answers {
        void added(Carried account);

        /** An earlier run has added it. */
        void present(Carried account);

        void refused(Carried account, String reason);
    }

    /**
     * Takes an account; what became of it may be known later, at the latest after {@link #finish}.
     *
     * @throws ExportFaultException when no account can be taken any more
     */
    void add(Carried account);

    /** Takes what is still under way. */
    void finish();

    @Override
    void close();
}
