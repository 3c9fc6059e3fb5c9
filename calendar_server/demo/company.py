"""The company of the demonstration: its departments, and what stands in their calendars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MON, TUE, WED, THU, FRI = range(5)
MEET = "https://meet.example.com/"
DOCS = "https://docs.example.com/"


class Entry(NamedTuple):
    """What an event says."""

    title: str
    time: str = ""
    description: str = ""
    url: str = ""


class Weekly(NamedTuple):
    """An event on a day of every ``weeks``-th week."""

    weekday: int
    weeks: int
    entry: Entry


class Monthly(NamedTuple):
    """An event on a day of each month, or on the last working day before it."""

    day: int
    entry: Entry


class Team(NamedTuple):
    """A department. ``single``: what happens once, spread over the weeks."""

    name: str
    description: str
    weekly: tuple[Weekly, ...]
    monthly: tuple[Monthly, ...]
    single: tuple[Entry, ...]


PEOPLE = (
    "김민준",
    "이서연",
    "박지훈",
    "최수아",
    "정도윤",
    "강하은",
    "조시우",
    "윤지아",
    "장준호",
    "임예린",
    "한유진",
    "오태경",
)
"""Who takes a day off, in any department."""

OFF: Mapping[str, str] = {
    "연차": "",
    "오전 반차": "오전 9시~오후 2시",
    "오후 반차": "오후 2시~6시",
    "재택근무": "종일",
    "외근": "오후 1시 30분~",
}

ALL_HANDS = "분기 실적과 앞으로의 계획을 함께 보고, 새로 오신 분들을 소개합니다. 질문은 미리 남겨 주세요."

TEAMS: tuple[Team, ...] = (
    Team(
        "대표이사실",
        "대표이사 일정",
        (
            Weekly(MON, 1, Entry("임원 회의", "오전 9시~10시 30분", "주요 지표, 투자 안건, 채용 현황", DOCS + "exec")),
            Weekly(THU, 2, Entry("본부장 1:1", "오후 4:00", "영업본부장, 마케팅팀장 순서")),
        ),
        (Monthly(15, Entry("월간 경영 보고", "14:00~15:30", "경영지원팀에서 자료 준비")),),
        (
            Entry("이사회", "오전 10시~정오", "안건: 다음 분기 투자 계획 승인, 스톡옵션 부여", DOCS + "board"),
            Entry("전사 타운홀", "오후 4시~5시 30분", ALL_HANDS, MEET + "townhall"),
            Entry("투자사 정기 보고", "오후 2:00", "", MEET + "investors"),
            Entry("한빛물산 대표 오찬", "낮 12시", "여의도, 차량 11시 20분 출발"),
            Entry("언론 인터뷰 (월간 테크)", "오전 11시", "홍보 담당 동석, 질문지 사전 전달"),
            Entry("부산 출장", "종일", "거래처 두 곳 방문, KTX 07:30 출발"),
            Entry("신입 사원과의 점심", "점심 12시"),
        ),
    ),
    Team(
        "개발팀",
        "제품 개발과 운영",
        (
            Weekly(
                MON,
                1,
                Entry("주간 개발 회의", "오전 10:00~11:00", "지난주 한 일, 이번 주 할 일, 막힌 것", MEET + "dev"),
            ),
            Weekly(WED, 1, Entry("코드 리뷰 시간", "오후 3시", "열려 있는 PR을 함께 봅니다")),
            Weekly(
                THU,
                2,
                Entry(
                    "정기 배포", "오후 2시~3시", "릴리스 노트 확인 후 배포, 문제가 있으면 되돌립니다", DOCS + "release"
                ),
            ),
            Weekly(FRI, 2, Entry("스프린트 회고", "16:30~17:30", "잘된 것, 아쉬운 것, 다음에 해 볼 것")),
        ),
        (Monthly(20, Entry("의존 라이브러리 점검", "오전 중", "보안 권고 확인")),),
        (
            Entry("결제 모듈 설계 검토", "오후 1시 30분~3시", "PG사 변경에 따른 영향", DOCS + "payment-design"),
            Entry("서버 점검 (새벽 배포)", "새벽 2시~4시", "DB 버전 업그레이드. 담당: 박지훈, 정도윤"),
            Entry("신규 입사자 온보딩: 개발 환경 설정", "오전 9시 30분", "노트북 수령, 저장소 권한"),
            Entry("장애 대응 모의 훈련", "14시~16시", "시나리오는 당일 공개"),
            Entry("보안 취약점 점검 결과 공유", "오후 4:30", "", DOCS + "security"),
            Entry("기술 세미나: 실시간 동기화는 어떻게 틀리는가", "오후 5시", "발표: 윤지아", MEET + "tech-talk"),
            Entry("모바일 앱 2.4.0 심사 제출", "18:00", "심사에 2~3일 걸립니다"),
            Entry("해커톤", "종일", "주제 자유, 팀은 당일 오전에 정합니다"),
            Entry(
                "성능 측정 결과 검토와 다음 분기 개선 과제 정하기 (검색, 목록 불러오기, 알림 지연, 첫 화면)",
                "오후 2시~4시",
            ),
            Entry("코드 프리즈", "", "이날부터 버그 수정만 병합합니다"),
        ),
    ),
    Team(
        "디자인팀",
        "제품과 브랜드 디자인",
        (
            Weekly(
                TUE,
                1,
                Entry("디자인 크리틱", "오전 11시~12시", "진행 중인 화면을 가져와 함께 봅니다", MEET + "critique"),
            ),
            Weekly(FRI, 2, Entry("개발팀과 디자인 QA", "오후 2:30", "실제 화면과 시안 비교")),
        ),
        (),
        (
            Entry("로고 리뉴얼 2차 시안 공유", "오후 3시", "대표님 참석", DOCS + "brand"),
            Entry("사용자 인터뷰 (3명)", "13:00~17:00", "녹화 동의서 챙기기. 회의실 B"),
            Entry("디자인 시스템 정리", "오후 1시~6시", "버튼, 입력 칸, 빈 화면"),
            Entry("접근성 점검", "오전 10시 30분", "명도 대비, 키보드 사용, 화면 낭독기"),
            Entry("전시회 부스 그래픽 마감", "18:00"),
            Entry("일러스트 외주 미팅", "오후 4시", "", MEET + "illustration"),
            Entry("모바일 첫 화면 A/B 시안 <초안> 검토", "오후 2시~2시 반"),
        ),
    ),
    Team(
        "인사팀",
        "채용과 조직 문화",
        (
            Weekly(TUE, 1, Entry("채용 현황 회의", "오전 9시 30분", "진행 중인 포지션과 지원자", DOCS + "hiring")),
            Weekly(WED, 2, Entry("신규 입사자 오리엔테이션", "오전 10시~오후 4시", "회사 소개, 복리후생, 보안 서약")),
        ),
        (
            Monthly(25, Entry("급여일", "", "급여 명세서 발송")),
            Monthly(10, Entry("4대 보험 신고", "", "입·퇴사자 반영")),
        ),
        (
            Entry("백엔드 개발자 1차 면접", "오후 2시~3시", "면접관: 박지훈, 장준호"),
            Entry("백엔드 개발자 2차 면접", "오후 4시", "대표님 참석"),
            Entry("UX 디자이너 면접", "오전 11:00", "포트폴리오 발표 30분"),
            Entry("성희롱 예방 교육 (법정 의무)", "오후 3시~4시", "전 직원 필수, 온라인 가능", MEET + "training"),
            Entry("평가 면담 시작", "", "일정은 팀장이 잡습니다"),
            Entry("사내 동호회 간담회", "저녁 6시 30분", "축구, 보드게임, 등산"),
            Entry("건강검진 접수 마감", "18:00까지", "검진 기관은 안내 메일 참고"),
        ),
    ),
    Team(
        "영업본부",
        "고객사와 계약",
        (
            Weekly(MON, 1, Entry("영업 회의", "오전 8시 30분", "이번 주 방문 계획과 예상 매출", DOCS + "pipeline")),
            Weekly(FRI, 1, Entry("주간 실적 마감", "오후 5시", "CRM 입력 확인")),
        ),
        (Monthly(28, Entry("월 매출 마감", "18:00", "세금계산서 발행 확인")),),
        (
            Entry("한빛물산 제안 발표", "오후 2시~3시 30분", "발표: 강하은. 시연 계정 준비", DOCS + "hanbit"),
            Entry("푸른병원 계약 갱신 미팅", "오전 10시", "경쟁사 견적 있음"),
            Entry("대구 고객사 방문", "오전 7시~오후 8시", "차량 예약 완료"),
            Entry("파트너사 교육", "14:00-17:00", "대리점 여섯 곳, 온라인", MEET + "partner"),
            Entry("고객 초청 세미나", "오후 1시~5시", "강남 컨퍼런스홀, 등록 48명"),
            Entry("해외 영업 콜 (싱가포르)", "3:00 PM - 4:00 PM", "Time zone: KST", MEET + "sg"),
            Entry("견적서 검토", "오전 11시 30분"),
            Entry("분기 목표 점검", "오후 3시~4시 반", "지역별 달성률"),
            Entry("영업본부 회식", "저녁 7시", "회사 앞 고깃집, 예약자 조시우"),
        ),
    ),
    Team(
        "마케팅팀",
        "브랜드와 캠페인",
        (
            Weekly(TUE, 1, Entry("캠페인 회의", "오후 2시~3시", "집행 현황과 다음 주 소재", DOCS + "campaign")),
            Weekly(THU, 1, Entry("뉴스레터 발송", "오전 8:00", "제목 두 가지로 나누어 발송")),
        ),
        (Monthly(5, Entry("월간 성과 보고", "오전 10시", "유입, 전환, 이탈", DOCS + "report")),),
        (
            Entry("신제품 출시 보도자료 배포", "오전 9시", "엠바고 해제 시각 엄수"),
            Entry("인스타그램 촬영", "오후 1시~5시", "스튜디오 성수, 소품은 전날 발송"),
            Entry("전시회 부스 설치", "오전 7시~정오", "코엑스 C홀 214번"),
            Entry("전시회", "오전 10시~오후 6시", "상담 담당 교대표는 문서 참고", DOCS + "expo"),
            Entry("블로그 원고 마감: 고객 사례", "17:00"),
            Entry("광고 대행사 미팅", "오후 4시", "", MEET + "agency"),
            Entry("검색 광고 예산 조정", "오전 중", "전환 단가가 오른 키워드부터"),
        ),
    ),
    Team(
        "경영지원팀",
        "재무, 총무, 법무",
        (
            Weekly(WED, 1, Entry("자금 일보 점검", "오전 9시", "잔액, 이번 주 지출 예정")),
            Weekly(THU, 2, Entry("계약서 검토 시간", "오후 2시~4시", "급한 계약은 전날까지 알려 주세요")),
        ),
        (
            Monthly(10, Entry("원천세 신고·납부", "", "홈택스")),
            Monthly(25, Entry("부가세 자료 정리", "오후 1시~6시", "매입 세금계산서 누락 확인")),
            Monthly(3, Entry("전월 결산", "종일", "법인카드 전표 마감 후 진행")),
        ),
        (
            Entry("소방 안전 점검", "오후 3시", "관리사무소 동행"),
            Entry("사무실 이전 업체 견적 비교", "오전 11시", "세 곳", DOCS + "moving"),
            Entry("회계 감사", "오전 10시~오후 5시", "회의실 A 전일 사용"),
            Entry("노트북 교체 신청 마감", "18:00"),
            Entry("에어컨 필터 청소", "오전 중", "책상 위 서류는 치워 주세요"),
            Entry("임대차 계약 갱신 협의", "오후 4시 30분"),
        ),
    ),
    Team(
        "고객지원팀",
        "문의 응대와 사용 교육",
        (
            Weekly(MON, 1, Entry("주간 문의 분석", "오후 1시 30분", "많이 들어온 문의 다섯 가지", DOCS + "tickets")),
            Weekly(FRI, 1, Entry("개발팀 이슈 공유", "오전 11시", "재현 방법이 확인된 것부터")),
        ),
        (Monthly(1, Entry("당직표 확정", "", "다음 달 휴일 당직 포함")),),
        (
            Entry("고객 사용 교육 (신규 가입사)", "오후 2시~4시", "온라인, 참석 32명", MEET + "training-1"),
            Entry("상담 품질 점검", "오전 10시~11시", "통화 녹취 6건"),
            Entry("FAQ 개정", "오후 3시", "", DOCS + "faq"),
            Entry("푸른병원 방문 지원", "9:30 AM - 12:00 PM", "관리자 계정 교육"),
            Entry("야간 당직", "오후 10시~익일 오전 6시", "당직 휴대전화 인계"),
            Entry("만족도 조사 결과 발표", "오후 4시", "응답 412건, 만족 91%"),
        ),
    ),
)
