package dev.mailbell.mail.servers;

/** Small messages, each with a Message-ID and a size of its own. */
final class Messages {
    private Messages() {}

    static String message(int number) {
        return """
        From: Ann <ann@example.org>
        To: bob@example.org
        Subject: message %1$d
        Date: Fri, 20 Nov 2026 10:00:00 +0000
        Message-ID: <%1$d@example.org>

        Hello %2$s
        """
                .formatted(number, "!".repeat(number % 997))
                .replace("\n", "\r\n");
    }
}
