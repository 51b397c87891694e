// SPDX-License-Identifier: GPL-3.0-or-later
// A program of KDE's that watches one of its files, and says what it reads after each change.

#include <KConfigGroup>
#include <KConfigWatcher>
#include <KSharedConfig>
#include <QCoreApplication>
#include <cstdio>

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const auto config = KSharedConfig::openConfig(QString::fromLocal8Bit(argv[1]));
    const auto watcher = KConfigWatcher::create(config);
    const auto changed = [](const KConfigGroup &group, const QByteArrayList &names) {
        for (const QByteArray &name : names) {
            const QByteArray value = group.readEntry(name.constData(), QByteArray("nothing"));
            std::printf("%s/%s: %s\n", qPrintable(group.name()), name.constData(), value.constData());
        }
        std::fflush(stdout);
    };
    QObject::connect(watcher.data(), &KConfigWatcher::configChanged, changed);
    std::puts("watching");
    std::fflush(stdout);
    return app.exec();
}
