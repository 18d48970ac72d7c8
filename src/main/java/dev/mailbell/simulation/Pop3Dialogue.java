package dev.mailbell.simulation;

import java.util.List;
import java.util.Locale;

/**
 * A POP3 session.
 *
 * @param messages the messages that the session shows until its end
 */
record Pop3Dialogue(List<Maildrop.Message> messages) implements SimulatedServer.Dialogue {
    @Override
    public String greeting() {
        return "+OK ready\r\n";
    }

    @Override
    public boolean isLast(String line) {
        return line.equalsIgnoreCase("QUIT");
    }

    @Override
    public String answer(String line) {
        String[] words = line.toUpperCase(Locale.ROOT).split(" ", 2);
        return switch (words[0]) {
            case "CAPA" -> "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n";
            case "STAT" ->
                    "+OK "
                            + messages.size()
                            + " "
                            + messages.stream().mapToLong(Maildrop.Message::size).sum()
                            + "\r\n";
            case "UIDL" -> listed(words, messages, true);
            case "LIST" -> listed(words, messages, false);
            case "USER", "PASS", "QUIT", "NOOP" -> "+OK\r\n";
            default -> "-ERR unknown command\r\n";
        };
    }

    private static String listed(String[] words, List<Maildrop.Message> messages, boolean uids) {
        if (words.length == 2) {
            int number = Integer.parseInt(words[1]);
            return number < 1 || number > messages.size()
                    ? "-ERR no such message\r\n"
                    : "+OK " + line(number, messages.get(number - 1), uids);
        }
        StringBuilder all = new StringBuilder("+OK\r\n");
        for (int i = 0; i < messages.size(); i++) {
            all.append(line(i + 1, messages.get(i), uids));
        }
        return all.append(".\r\n").toString();
    }

    private static String line(int number, Maildrop.Message message, boolean uids) {
        return number + " " + (uids ? message.uid() : message.size()) + "\r\n";
    }
}
