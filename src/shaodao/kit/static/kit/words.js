// What scripts say on screen, in both languages. Server-rendered text goes through gettext instead.

const WORDS = {
  zh: {
    left: "还剩 {span}", over: "已超 {span}", moment: "不到 1 分钟", day: "{n} 天", hour: "{n} 小时", minute: "{n} 分钟",
    close: "关闭", previous: "上一张", next: "下一张", photo: "第 {n} 张，共 {all} 张",
    removePhoto: "去掉第 {n} 张照片", photoBusy: "正在处理…", photoTooMany: "最多 {n} 张，多出的没有加上",
    photoAdded: "已有 {n} 张，最多 {all} 张", photoPrompt: "拍照或选照片，最多 {n} 张", photoMore: "再加照片（{n}/{all}）", photoUnseen: "照片 {n}（此格式不能预览，可以提交）",
    photoPlace: "照片里记着拍摄的位置。", usePlace: "就用这个位置", noPlace: "不用", placeUsed: "已用照片里的位置",
    mapFailed: "地图没有打开。位置也可以写成文字，或者从名单里选。",
    here: "用我现在的位置", centre: "选地图中心", undo: "退一步", clear: "重画", picked: "已选位置：经度 {lon}，纬度 {lat}",
    locating: "正在定位…", noPosition: "没有取得位置。请在地图上点一下，或者写地址。", denied: "手机没有允许定位。请在地图上点一下，或者写地址。",
    insecure: "当前连接不能定位。请在地图上点一下，或者写地址。", roughly: "已定位，误差约 {n} 米",
    lineHelp: "沿着路依次点，双击或按回车结束", lineLength: "已画 {n} 米", nCases: "{n} 件，点开放大",
    areaHelp: "沿着边依次点每个角，至少三个", areaSize: "约 {n} 平方米，{corners} 个角",
    drawLine: "点地图画线", zoomIn: "放大", zoomOut: "缩小", fit: "看全部",
    saved: "已存在这部手机里", restored: "上次没写完的内容已经恢复。", discard: "清空重写",
    waiting: "已存手机，等有网时发送", sending: "正在发送…", sent: "已送达", sentNumber: "已送达，编号 {number}",
    refused: "没有收下，请改正后再提交", failed: "暂时送不到，内容在手机里，稍后会自动再试", sendNow: "现在发送", look: "看进度", edit: "继续填写", remove: "删除",
    outbox: "这部手机里还没送到的上报", outboxDone: "刚刚送达的上报",
    plainHttp: "当前不是加密连接：没有网络时打不开本页，也不能自动定位；照片和文字仍会存在手机里，有网时打开本页就会发送。",
    noStore: "这个浏览器不能存草稿，请在有网时提交。", offlineNow: "现在没有网络。写好照样提交，有网时会自动发送。",
    noTitle: "（没有文字）", nPhotos: "{n} 张照片",
    jottingWaits: "待上传：{what}", jottingsWait: "{n} 条结果已记在手机里，待上传", jottingsGo: "正在上传…", jottingLogIn: "登录已过期，重新登录后接着上传", jottingRefused: "没有收下“{what}”：{why}",
    shortcuts: "键盘操作", keyDown: "下一条", keyUp: "上一条", keyOpen: "打开", keySelect: "选中或取消", keySearch: "去搜索框", keyHelp: "显示本说明", keyOff: "关掉单键操作", keyOn: "启用单键操作",
    chartFailed: "图没有画出来，请看数字。",
  },
  en: {
    left: "{span} left", over: "{span} overdue", moment: "less than 1 min", day: "{n} d", hour: "{n} h", minute: "{n} min",
    close: "Close", previous: "Previous photo", next: "Next photo", photo: "Photo {n} of {all}",
    removePhoto: "Remove photo {n}", photoBusy: "Working…", photoTooMany: "{n} at most; the rest were left out",
    photoAdded: "{n} of {all} photos", photoPrompt: "Take or choose photos, {n} at most", photoMore: "Add photos ({n}/{all})", photoUnseen: "Photo {n} (no preview for this format; it can be sent)",
    photoPlace: "The photo says where it was taken.", usePlace: "Use that place", noPlace: "No", placeUsed: "Using the place in the photo",
    mapFailed: "The map did not open. You can also write the address or choose from the lists.",
    here: "Use where I am", centre: "Use the map's centre", undo: "Undo", clear: "Start again", picked: "Chosen: longitude {lon}, latitude {lat}",
    locating: "Finding where you are…", noPosition: "No position found. Tap the map or write the address.", denied: "The phone did not allow it. Tap the map or write the address.",
    insecure: "This connection cannot give a position. Tap the map or write the address.", roughly: "Found, to about {n} m",
    lineHelp: "Tap along the road; double tap or press Enter to end", lineLength: "{n} m drawn", nCases: "{n} cases: open to zoom in",
    areaHelp: "Tap the corners one after the other, three at least", areaSize: "about {n} m², {corners} corners",
    drawLine: "Draw on the map", zoomIn: "Zoom in", zoomOut: "Zoom out", fit: "Show all",
    saved: "Kept on this phone", restored: "What you had not finished is back.", discard: "Clear it",
    waiting: "Kept on this phone until there is a network", sending: "Sending…", sent: "Delivered", sentNumber: "Delivered, number {number}",
    refused: "Not accepted: please correct it and send again", failed: "Could not be delivered yet; it is kept and will be tried again", sendNow: "Send now", look: "Follow it", edit: "Continue", remove: "Delete",
    outbox: "Reports on this phone that are not delivered yet", outboxDone: "Just delivered",
    plainHttp: "This connection is not encrypted: without a network this page will not open, and the position cannot be found by itself. Text and photos are still kept on the phone and sent when this page is open and online.",
    noStore: "This browser cannot keep a draft: please send while online.", offlineNow: "No network now. Send it all the same: it goes when the network is back.",
    noTitle: "(no text)", nPhotos: "{n} photos",
    jottingWaits: "To be sent: {what}", jottingsWait: "{n} results kept on this phone, to be sent", jottingsGo: "Sending…", jottingLogIn: "Logged out: log in again and they will be sent", jottingRefused: "“{what}” was not taken: {why}",
    shortcuts: "Keyboard", keyDown: "Next row", keyUp: "Previous row", keyOpen: "Open", keySelect: "Select or not", keySearch: "Go to the search box", keyHelp: "Show this list", keyOff: "Turn single keys off", keyOn: "Turn single keys on",
    chartFailed: "The chart could not be drawn: see the figures.",
  },
};

const words = WORDS[document.documentElement.lang.startsWith("en") ? "en" : "zh"];

/** Return the text `name` with its {places} filled. */
export function say(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}

/** Say a length of time in its two largest units, as the server's `duration` does. */
export function duration(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60000);
  const parts = [["day", Math.floor(minutes / 1440)], ["hour", Math.floor(minutes / 60) % 24], ["minute", minutes % 60]];
  const first = parts.findIndex(([, n]) => n);
  if (first < 0) return say("moment");
  return parts.slice(first, first + 2).filter(([, n]) => n).map(([unit, n]) => say(unit, { n })).join(" ");
}
